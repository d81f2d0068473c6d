// Every action through real sockets, with curl and dig, changed while the router runs; the laws hold after each.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ConfigError } from '../../ts/config/error.ts';
import { ruleComplaints } from '../../ts/rules/complaints.ts';
import { rulesConfig, type INotation } from './rules.ts';
import { startWorld } from './world.ts';

const missing = ['curl', 'dig'].filter((tool) => spawnSync(tool, ['-V']).error !== undefined);
const skip = missing.length > 0 && `${missing.join(' and ')} is not installed`;

const deny = { type: 'deny' };

test('curl sees each action on requests', { skip }, async (t) => {
  const { curl, router } = await startWorld(t, (other) => ({
    rules: [
      { name: 'tag', when: 'http.header("x-team") == "blue"', action: { type: 'tag', tag: 'blue' }, priority: 9 },
      {
        name: 'mark',
        when: 'tag("blue")',
        action: { type: 'set-header', message: 'request', name: 'X-Mark', value: 'yes' },
        priority: 8,
      },
      {
        name: 'hide',
        when: 'http.host == "a.test"',
        action: { type: 'remove-header', message: 'response', name: 'X-Backend' },
        priority: 7,
      },
      { name: 'login', when: 'http.path == "/login"', action: { type: 'rate-limit', count: 2, window: '1h' } },
      { name: 'private', when: 'http.path under "/private"', action: { ...deny, status: 451, body: 'not here\n' } },
      { name: 'moved', when: 'http.path under "/old"', action: { type: 'redirect', to: 'http://b.test{http.path}' } },
      { name: 'beta', when: 'http.cookie("beta") == "1"', action: { type: 'route', route: 'other' } },
      {
        name: 'elsewhere',
        when: 'http.path == "/to"',
        action: { type: 'route', target: { host: '127.0.0.1', port: other } },
      },
      { name: 'slow', when: 'http.path == "/slow"', action: { type: 'tarpit', for: '1ms' } },
      { name: 'unknown host', when: 'http.host == "c.test"', action: { type: 'redirect', to: 'http://a.test/' } },
    ],
  }));
  assert.match(await curl('/'), /^HTTP\/1\.1 200 OK\r\n(?!.*X-Backend).*first /s);
  assert.match(await curl('/', '-H', 'X-Team: blue'), /"x-mark":"yes"/);
  assert.match(await curl('/private/x'), /^HTTP\/1\.1 451 .*not here/s);
  assert.match(await curl('/old/x'), /^HTTP\/1\.1 302 Found.*Location: http:\/\/b\.test\/old\/x\r/s);
  assert.match(await curl('/', '-b', 'beta=1'), /^HTTP\/1\.1 200 OK.*second /s);
  assert.match(await curl('/to'), /^HTTP\/1\.1 200 OK.*second /s);
  assert.match(await curl('/slow'), /^HTTP\/1\.1 403 /);
  assert.match(await curl('http://c.test:PORT/'), /^HTTP\/1\.1 302 .*Location: http:\/\/a\.test\/\r/s);
  const limited = [await curl('/login'), await curl('/login', '-d', 'a=b'), await curl('/login')];
  assert.deepEqual(
    limited.map((text) => text.slice(9, 12)),
    ['200', '200', '429'],
  );
  assert.match(limited[2]!, /Retry-After: \d+\r/);
  const hits = Object.fromEntries(router.rules.list().map(({ name, hits: count }) => [name, count]));
  assert.deepEqual(hits, {
    'tag': 1,
    'mark': 1,
    'hide': 10,
    'login': 3,
    'private': 1,
    'moved': 1,
    'beta': 1,
    'elsewhere': 1,
    'slow': 1,
    'unknown host': 1,
  });
  const rejects = Object.fromEntries(router.proxy!.stats.getRejectReasons());
  assert.deepEqual(rejects, { 'no-route': 1, 'rule-denied': 1, 'rule-rate-limited': 1, 'rule-tarpit': 1 });
});

test(
  'connections are denied by address, and let in again when the rule goes, without a connection cut',
  { skip },
  async (t) => {
    const block = { name: 'block', when: 'client.ip in 127.0.0.0/8', action: deny, stages: ['connection'] };
    const { curl, router, config } = await startWorld(t, () => ({}));
    assert.match(await curl('/'), /^HTTP\/1\.1 200/);
    await router.reconcile(config({ rules: [block] }));
    await assert.rejects(curl('/'), /Empty reply|reset/);
    const changed = { ...block, when: 'client.ip in 10.0.0.0/8' };
    await router.reconcile(config({ rules: [changed] }));
    assert.match(await curl('/'), /^HTTP\/1\.1 200/);
    assert.deepEqual(Object.fromEntries(router.proxy!.stats.getRejectReasons()), { 'rule-denied': 1 });
  },
);

test('dig sees each action on queries, prebuilt answers included', { skip }, async (t) => {
  const { dig, router, config } = await startWorld(t, () => ({}));
  // Twice: the second answer comes from an image.
  for (let turn = 0; turn < 2; turn += 1) assert.match(await dig('www.a.test'), /192\.0\.2\.80/);
  const rules = [
    { name: 'denied', when: 'dns.qname == "www.a.test" and dns.qtype == "A" and dns.transport == "udp"', action: deny },
    { name: 'hidden', when: 'dns.qname under "hidden.a.test"', action: { ...deny, answer: 'NXDOMAIN' } },
    { name: 'void', when: 'dns.qname under "void.a.test"', action: { ...deny, answer: 'drop' } },
    { name: 'limit', when: 'dns.qtype == "TXT"', action: { type: 'rate-limit', count: 2, window: '1h' } },
  ];
  await router.reconcile(config({ rules }));
  assert.match(await dig('www.a.test'), /status: REFUSED/);
  assert.match(await dig('+tcp', 'www.a.test'), /192\.0\.2\.80/);
  assert.match(await dig('x.hidden.a.test'), /status: NXDOMAIN.*;x\.hidden\.a\.test/s);
  assert.match(await dig('void.a.test'), /no servers could be reached|timed out/);
  const answers = [await dig('a.test', 'TXT'), await dig('a.test', 'TXT'), await dig('a.test', 'TXT')];
  assert.deepEqual(
    answers.map((text) => /status: (\w+)/.exec(text)?.[1]),
    ['NOERROR', 'NOERROR', 'REFUSED'],
  );
  const { dropsByReason, errors } = router.dns!.stats.snapshot();
  assert.deepEqual([dropsByReason['rule-denied'], errors['rule-denied'], errors['rule-rate-limited']], [1, 2, 1]);
  await router.reconcile(config({}));
  assert.match(await dig('www.a.test'), /192\.0\.2\.80/);
});

test('what happened is recorded, without secrets, and can be tested against other rules', { skip }, async (t) => {
  const { curl, dig, router, config } = await startWorld(t, () => ({
    record: 3,
    rules: [{ name: 'private', when: 'http.path under "/private"', action: deny }],
  }));
  await dig('www.a.test');
  await curl('/private', '-H', 'Authorization: Bearer secret', '-b', 'session=secret', '-A', 'test/1');
  const [request, connection, query, ...rest] = router.rules.recent();
  assert.deepEqual(rest, []);
  assert.deepEqual([request?.stage, connection?.stage, query?.stage], ['request', 'connection', 'query']);
  assert.deepEqual([request!.rule, request!.decision, request!.http!.path], ['private', 'deny', '/private']);
  assert.equal(request!.http!.headers!['user-agent'], 'test/1');
  assert.doesNotMatch(JSON.stringify(router.rules.recent()), /secret/);
  await curl('/');
  assert.equal(router.rules.recent().length, 3);
  assert.equal(router.rules.recent(1).length, 1);
  const other = config({
    rules: [{ name: 'agents', when: 'http.header("user-agent") like "test/*"', action: deny }],
  }).rules;
  const explained = router.rules.test(request!, other);
  assert.deepEqual([explained.decidedBy, explained.decision], ['agents', 'deny']);
});

test('a test says which rules were asked, what each part was, and counts nothing', async (t) => {
  const { router } = await startWorld(t, () => ({
    rules: [
      {
        name: 'tag',
        when: 'client.ip in 192.0.2.0/24',
        action: { type: 'tag', tag: 'lan' },
        stages: ['request'],
        priority: 3,
      },
      {
        name: 'limit',
        when: 'tag("lan")',
        action: { type: 'rate-limit', count: 5, window: '1m' },
        stages: ['request'],
        priority: 2,
      },
      { name: 'queries', when: 'dns.qname == "a"', action: deny, priority: 2 },
      {
        name: 'hit',
        when: 'http.path under "/a" and not (http.method == "POST" or client.rate("1m") > 5)',
        action: deny,
      },
      { name: 'never', when: 'http.path == "/a/b"', action: { type: 'allow' } },
      { name: 'off', when: 'http.path == "/a/b"', action: deny, enabled: false },
    ],
  }));
  const input = { client: { ip: '192.0.2.5' }, http: { host: 'a.test', path: '/a/b' } };
  const before = JSON.stringify(router.rules.stats());
  assert.deepEqual(router.rules.test(input), {
    stage: 'request',
    rules: [
      {
        name: 'tag',
        matched: true,
        asked: 'asked',
        when: { text: 'client.ip in 192.0.2.0/24', value: true, parts: [{ text: 'client.ip', value: '192.0.2.5' }] },
      },
      { name: 'limit', matched: true, asked: 'asked', when: { text: 'tag("lan")', value: true } },
      { name: 'queries', matched: false, asked: 'other-stage' },
      {
        name: 'hit',
        matched: true,
        asked: 'asked',
        when: {
          text: 'http.path under "/a" and not (http.method == "POST" or client.rate("1m") > 5)',
          value: true,
          parts: [
            { text: 'http.path under "/a"', value: true, parts: [{ text: 'http.path', value: '/a/b' }] },
            {
              text: 'not (http.method == "POST" or client.rate("1m") > 5)',
              value: true,
              parts: [
                {
                  text: '(http.method == "POST" or client.rate("1m") > 5)',
                  value: false,
                  parts: [
                    { text: 'http.method == "POST"', value: false, parts: [{ text: 'http.method', value: 'GET' }] },
                    { text: 'client.rate("1m") > 5', value: false, parts: [{ text: 'client.rate("1m")', value: 1 }] },
                  ],
                },
              ],
            },
          ],
        },
      },
      { name: 'never', matched: false, asked: 'decided-before' },
      { name: 'off', matched: false, asked: 'disabled' },
    ],
    decidedBy: 'hit',
    decision: 'deny',
    effects: [
      { rule: 'tag', effect: 'tag lan' },
      { rule: 'limit', effect: '0 of 5 within the window' },
    ],
  });
  assert.equal(JSON.stringify(router.rules.stats()), before);
});

test('rules that cannot be used are told with their line, and change nothing', async (t) => {
  const { router, config } = await startWorld(t, () => ({
    rules: [{ name: 'a', when: 'http.path == "/a"', action: deny }],
  }));
  const bad = { rules: [{ name: 'b', when: 'http.hots == "x"', action: { type: 'route', route: 'wbe' } }] };
  assert.throws(
    () => config(bad),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /router\.yaml:\d+:\d+: rules\.rules\[0\]\.when: 'http\.hots' is no field; did you mean http\.host/,
      );
      assert.match(
        error.message,
        /rules\.rules\[0\]\.action\.route: got 'wbe', which no route has; did you mean 'web'\?/,
      );
      return true;
    },
  );
  assert.equal(router.rules.check(rulesConfig(bad.rules as INotation[])).length, 2);
  assert.deepEqual(
    router.rules.list().map(({ name }) => name),
    ['a'],
  );
});

test('rules on connections and requests do not go with worker processes; those on queries do', () => {
  const config = rulesConfig([{ when: 'client.ip in 10.0.0.0/8' }, { when: 'dns.qname == "a.test"' }]);
  const complaints = ruleComplaints(config, [], true);
  assert.deepEqual(
    complaints.map(({ path }) => path),
    [['rules', 0]],
  );
  assert.match(complaints[0]!.message, /leave proxy\.workers out/);
  assert.deepEqual(ruleComplaints(config, []), []);
});
