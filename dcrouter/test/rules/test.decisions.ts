// Which rule decides, in which order, with what effect; counting to the event, with a clock of the test's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WindowCounter } from '../../ts/rules/counters.ts';
import type { RulesError } from '../../ts/rules/compile.ts';
import { ruleLimits } from '../../ts/rules/limits.ts';
import { stageNames } from '../../ts/rules/stages.ts';
import type { IFactsInput } from '../../ts/rules/types.ts';
import { decide, outcomeOf, ruleSet, TestClock, type INotation } from './rules.ts';

const always = 'client.port >= 0';
const get = (path: string, ip = '192.0.2.1'): IFactsInput => ({
  client: { ip, port: 1 },
  http: { host: 'a.test', path },
});

test('the higher priority is asked first, among equals the earlier one, and the first that decides ends it', () => {
  const set = ruleSet([
    { name: 'low', when: always, priority: -1 },
    { name: 'first', when: 'http.path under "/a"', action: { type: 'allow' } },
    { name: 'second', when: always },
    { name: 'high', when: 'http.path == "/a/x"', action: { type: 'tarpit' }, priority: 10 },
    { name: 'off', when: always, priority: 99, enabled: false },
  ]);
  assert.deepEqual(
    set.ordered.map(({ name }) => name),
    ['high', 'first', 'second', 'low'],
  );
  assert.deepEqual(
    [decide(set, get('/a/x')).rule, decide(set, get('/a')).rule, decide(set, get('/b')).rule],
    ['high', 'first', 'second'],
  );
  assert.deepEqual(
    set.ordered.map(({ hits }) => hits),
    [1, 1, 1, 0],
  );
});

test('tags are seen by the rules after the one that sets them, and go with the event', () => {
  const set = ruleSet([
    { name: 'too early', when: 'tag("vip")', priority: 2 },
    { name: 'mark', when: 'http.header("x-vip") == "1"', action: { type: 'tag', tag: 'vip' }, priority: 1 },
    { name: 'vip', when: 'tag("vip")', action: { type: 'allow' } },
    { name: 'others', when: always },
  ]);
  const vip = { ...get('/'), http: { path: '/', headers: { 'X-VIP': '1' } } };
  const decided = decide(set, vip);
  assert.equal(decided.rule, 'vip');
  assert.deepEqual(set.tagsOf(decided.facts), ['vip']);
  assert.equal(decide(set, get('/')).rule, 'others');
  assert.equal(decide(set, { ...get('/'), tags: ['vip'] }).rule, 'too early');
});

test('header edits of all matching rules add up, in their order, into verdicts that are made once', () => {
  const edit = (type: 'set-header' | 'add-header' | 'remove-header', name: string, value?: string): INotation => ({
    when: `http.path contains "${value ?? 'x'}"`,
    action: { type, message: 'request', name, ...(value !== undefined && { value }) } as INotation['action'],
  });
  const set = ruleSet([
    edit('set-header', 'X-A', 'one'),
    edit('add-header', 'X-A', 'two'),
    {
      ...edit('set-header', 'X-B', 'three'),
      action: { type: 'set-header', message: 'response', name: 'X-B', value: '3' },
    },
    { name: 'go', when: 'http.path ends_with "!"', action: { type: 'route', target: { host: 'b.test', port: 81 } } },
  ]);
  const judge = (path: string) => outcomeOf(set, get(path)).proxy;
  assert.equal(judge('/zero'), null);
  const both = judge('/one/two')!;
  assert.deepEqual([both.action, both.requestHeaders!.lines], ['continue', 'X-A: one\r\nX-A: two\r\n']);
  assert.equal(judge('/one/two'), both, 'the same object again');
  const sent = judge('/two/three!')!;
  assert.deepEqual([sent.action, sent.host, sent.port], ['target', 'b.test', 81]);
  assert.deepEqual([sent.requestHeaders!.names, sent.responseHeaders!.lines], [[], 'X-B: 3\r\n']);
});

test('a denial says the same to everyone: status and body to requests, a code or nothing to queries', () => {
  const set = ruleSet([
    { when: 'http.path == "/tea"', action: { type: 'deny', status: 418, body: 'no', contentType: 'text/html' } },
    { when: 'dns.qname == "gone.test"', action: { type: 'deny', answer: 'NXDOMAIN' } },
    { when: 'dns.qname == "void.test"', action: { type: 'deny', answer: 'drop' } },
    { when: 'dns.qname == "slow.test"', action: { type: 'tarpit', for: '2s' } },
    { when: 'http.path == "/slow"', action: { type: 'tarpit', for: '2s', status: 503 } },
    {
      when: 'http.path under "/old"',
      action: { type: 'redirect', to: 'https://{http.host}/new{http.path}?{http.query}', status: 308 },
    },
  ]);
  const of = (input: IFactsInput) => outcomeOf(set, input);
  const tea = of(get('/tea')).proxy!;
  assert.deepEqual(
    [tea.action, tea.status, tea.body, tea.headers],
    ['deny', 418, 'no', { 'Content-Type': 'text/html' }],
  );
  assert.deepEqual(of({ dns: { qname: 'gone.test' } }).dns, { rcode: 3, reason: 'rule-denied' });
  assert.deepEqual(of({ dns: { qname: 'void.test' } }).dns, { rcode: 'drop', reason: 'rule-denied' });
  assert.deepEqual(of({ dns: { qname: 'slow.test' } }).dns, { rcode: 'drop', reason: 'rule-tarpit' });
  const slow = of(get('/slow')).proxy!;
  assert.deepEqual([slow.reason, slow.status, slow.delayMs], ['rule-tarpit', 503, 2_000]);
  const moved = of(get('/old/x?y=1')).proxy!;
  assert.deepEqual([moved.action, moved.status], ['answer', 308]);
  assert.deepEqual(moved.headers, { Location: 'https://a.test/new/old/x?y=1' });
});

test('a rate limit lets exactly its count pass per key and window, and says when there is room again', () => {
  const clock = new TestClock();
  const action = { type: 'rate-limit', count: 3, window: '8s' } as const;
  const set = ruleSet([{ name: 'limit', when: 'http.path under "/login"', action }], {}, { clock });
  const ask = (ip: string) => outcomeOf(set, get('/login', ip));
  const outcomes = Array.from({ length: 5 }, () => ask('192.0.2.1').decision);
  assert.deepEqual(outcomes, ['continue', 'continue', 'continue', 'rate-limit', 'rate-limit']);
  assert.equal(ask('192.0.2.2').decision, 'continue', 'another key has its own count');
  const refused = ask('192.0.2.1').proxy!;
  assert.deepEqual([refused.status, refused.reason], [429, 'rule-rate-limited']);
  assert.deepEqual(refused.headers, { 'Retry-After': '8' });
  clock.atMs += 7_999;
  assert.equal(ask('192.0.2.1').decision, 'rate-limit');
  clock.atMs += 1;
  assert.equal(ask('192.0.2.1').decision, 'continue', 'what was refused did not count');
});

test('rates and counts count every event once, whichever rules are asked', () => {
  const clock = new TestClock();
  const rules = [
    { name: 'office', when: 'client.ip in 10.0.0.0/8', action: { type: 'allow' as const }, priority: 9 },
    { name: 'many', when: 'client.rate("10s") > 3 and http.path under "/"' },
    { name: 'failed', when: 'count(http.path == "/login", client.ip, 1m) >= 2 and http.path == "/login"' },
    { name: 'by host', when: 'rate(http.host, "10s") > 5 and http.path == "/host"' },
  ];
  const set = ruleSet(rules, {}, { clock });
  const ask = (path: string, ip?: string) => decide(set, get(path, ip)).rule;
  assert.deepEqual([ask('/'), ask('/'), ask('/'), ask('/')], [undefined, undefined, undefined, 'many']);
  clock.atMs += 20_000;
  assert.deepEqual([ask('/login'), ask('/'), ask('/login')], [undefined, undefined, 'failed']);
  clock.atMs += 70_000;
  for (let turn = 0; turn < 5; turn += 1) assert.equal(ask('/x', '10.0.0.1'), 'office');
  assert.equal(ask('/host', '192.0.2.9'), 'by host', 'events of the office counted for the host');
  assert.deepEqual(
    set.counters.stats().map(({ keys }) => keys),
    [2, 1, 1],
    'of the clients those that count nothing any more are forgotten',
  );
});

test('a count of requests can be asked for by a rule on queries', () => {
  const set = ruleSet([{ when: 'count(http.path == "/login", client.ip, "1m") > 1 and dns.qname under "test"' }]);
  const query = { client: { ip: '192.0.2.1' }, dns: { qname: 'a.test' } };
  assert.equal(decide(set, query).decision, 'continue');
  for (const path of ['/login', '/login', '/else']) decide(set, get(path));
  assert.equal(decide(set, query).decision, 'deny');
});

test('windows forget in eighths, keys are bounded and what is given up is counted', () => {
  const counter = new WindowCounter(8_000, 3);
  assert.deepEqual(
    [counter.add('a', 0), counter.add('a', 999), counter.add('a', 1_000), counter.add('a', 7_999)],
    [1, 2, 3, 4],
  );
  assert.equal(counter.peek('a', 8_000), 2, 'the first eighth is gone');
  assert.equal(counter.peek('a', 9_000), 1);
  assert.equal(counter.peek('a', 100_000), 0);
  for (const key of ['b', 'c', 'd', 'e', 'f']) counter.add(key, 100_000);
  assert.deepEqual([counter.keys, counter.evicted], [3, 2]);
  counter.add('x'.repeat(ruleLimits.counterKeyChars + 5), 100_000);
  assert.equal(counter.peek(`${'x'.repeat(ruleLimits.counterKeyChars)}another end`, 100_000), 1);
});

test('another set takes over hits and counts of rules that are the same, and no others', () => {
  const clock = new TestClock();
  const limit = { type: 'rate-limit', count: 2, window: '1m' } as const;
  const before = ruleSet(
    [
      { name: 'limit', when: 'http.path == "/a"', action: limit },
      { name: 'rate', when: 'client.rate("1m") > 100 and http.path under "/"' },
      { name: 'changed', when: 'http.path == "/b"', action: { type: 'tag', tag: 'x' } },
    ],
    {},
    { clock },
  );
  for (const path of ['/a', '/a', '/b']) decide(before, get(path));
  const after = ruleSet(
    [
      { name: 'changed', when: 'http.path == "/c"', action: { type: 'tag', tag: 'x' } },
      { name: 'limit', when: 'http.path == "/a"', action: limit, priority: 5 },
      { name: 'rate', when: 'client.rate("1m") > 3 and http.path == "/d"' },
    ],
    {},
    { clock, before },
  );
  assert.deepEqual(
    after.ordered.map(({ name, hits }) => [name, hits]),
    [
      ['limit', 2],
      ['changed', 0],
      ['rate', 0],
    ],
  );
  assert.equal(decide(after, get('/a')).decision, 'rate-limit');
  assert.equal(decide(after, get('/d')).rule, 'rate', 'three events before and one on the way, and this one');
});

/** Expression and action → where the rule is asked. */
const STAGES: ReadonlyArray<readonly [INotation, string]> = [
  [{ when: 'client.ip in 10.0.0.0/8' }, 'connection request query mail'],
  [{ when: 'client.ip in 10.0.0.0/8', action: { type: 'allow' } }, 'connection request query mail'],
  [{ when: 'client.ip in 10.0.0.0/8', action: { type: 'tag', tag: 'x' } }, 'connection query mail'],
  [{ when: 'client.rate("1s") > 5', action: { type: 'tarpit' } }, 'connection query mail'],
  [{ when: 'client.ip in 10.0.0.0/8', action: { type: 'log' }, stages: ['request'] }, 'request'],
  [{ when: 'tls.sni == "a"' }, 'connection request'],
  [{ when: 'tls.sni == "a"', action: { type: 'log' } }, 'connection'],
  [{ when: 'http.host == "a"', action: { type: 'log' } }, 'request'],
  [{ when: 'dns.qname == "a"' }, 'query'],
  [{ when: 'smtp.helo == "a"' }, 'mail'],
  [{ when: 'http.host == "a" or dns.qname == "a"', action: { type: 'log' } }, 'request query'],
  [{ when: 'client.port > 5 or http.path == "/a"', action: { type: 'log' } }, 'connection request query mail'],
  [{ when: 'client.port > 5', action: { type: 'redirect', to: '/x' } }, 'request'],
  [{ when: 'client.port > 5', action: { type: 'route', target: { host: 'a', port: 1 } } }, 'connection request'],
];

for (const [notation, expected] of STAGES) {
  test(`${notation.when} with ${notation.action?.type ?? 'deny'} is asked at: ${expected}`, () => {
    const [rule] = ruleSet([notation]).ordered;
    assert.equal(stageNames(rule!.stages).join(' '), expected);
  });
}

/** What else is wrong with a rule → path and message. */
const COMPLAINTS: ReadonlyArray<readonly [INotation | Record<string, unknown>, string, RegExp]> = [
  [{ when: 'dns.qname == "a"', action: { type: 'redirect', to: '/' } }, 'rules.0.action', /means something at request/],
  [{ when: 'dns.qname == "a"', stages: ['request'] }, 'rules.0.stages', /got request, .* go together at: query/],
  [{ when: always, action: { type: 'route' } }, 'rules.0.action', /needs either route.*or target/],
  [
    { when: always, action: { type: 'set-header', message: 'request', name: 'Host', value: 'x' } },
    'rules.0.action.name',
    /proxy's own/,
  ],
  [
    { when: always, action: { type: 'rate-limit', count: 1, window: '1s', key: 'http.hots' } },
    'rules.0.action.key',
    /did you mean http.host/,
  ],
  [{ when: always, action: { type: 'rate-limit', count: 1, window: '2d' } }, 'rules.0.action.window', /at most 86400s/],
  [{ when: always, action: { type: 'tarpit', for: '2m' } }, 'rules.0.action.for', /at most 60s/],
  [
    { when: always, action: { type: 'redirect', to: 'https://{http.hots}/' } },
    'rules.0.action.to',
    /did you mean http.host/,
  ],
  [{ when: always, action: { type: 'redirect', to: 'https://{http.host/' } }, 'rules.0.action.to', /not closed/],
];

for (const [notation, path, message] of COMPLAINTS) {
  test(`${JSON.stringify(notation)} is refused at ${path}`, () => {
    assert.throws(
      () => ruleSet([notation as INotation]),
      (error: RulesError) => error.complaints[0]!.path.join('.') === path && message.test(error.complaints[0]!.message),
    );
  });
}

test('lists, time zones and names are checked too, and everything wrong is told at once', () => {
  const make = (): unknown =>
    ruleSet(
      [
        { name: 'same', when: always },
        { name: 'same', when: 'nothing' },
      ],
      {
        timeZone: 'Europe/Brelin',
        lists: { mixed: ['10.0.0.1', 'a.test'], odd: ['a.test', 'b c'] },
      },
    );
  assert.throws(make, (error: RulesError) => {
    const told = error.complaints.map(({ path }) => path.join('.'));
    assert.deepEqual(told, ['timeZone', 'lists.mixed.0', 'lists.odd.1', 'rules.1.name', 'rules.1.when']);
    return true;
  });
});

test('the time of day is that of the time zone, over the change to summer time', () => {
  const set = ruleSet([{ when: 'time.hour >= 8 and time.hour < 18 and time.weekday == "sun"' }], {
    timeZone: 'Europe/Berlin',
  });
  const at = (iso: string): string => decide(set, { ...get('/'), atMs: Date.parse(iso) }).decision;
  // 29 March 2026 is a Sunday: at 01:00 UTC the clocks go from 02:00 to 03:00.
  assert.deepEqual(
    [at('2026-03-29T05:59:00Z'), at('2026-03-29T06:00:00Z'), at('2026-03-22T06:59:00Z'), at('2026-03-22T07:00:00Z')],
    ['continue', 'deny', 'continue', 'deny'],
  );
  assert.equal(at('2026-03-30T09:00:00Z'), 'continue');
});
