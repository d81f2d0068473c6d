// Request ids and trace context, seen by a real backend and a raw client.
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { ISmartProxyOptions } from '@dcrouter/smartproxy';
import { traceIdOf } from '#proxy/http/headfacts';
import { findOptionProblems } from '#proxy/validation/options';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

async function world(
  t: TestContext,
  options: Partial<ISmartProxyOptions>,
  route: Parameters<typeof forwardTo>[1] = {},
) {
  const seen: IncomingHttpHeaders[] = [];
  const backend = await startHttp(t, (req, res) => {
    seen.push(req.headers);
    res.setHeader('X-Request-Id', 'of-the-backend');
    res.end('ok');
  });
  const running = await startProxy(t, [forwardTo(backend.port, route)], options);
  const client = await RawClient.open(running.port(8080));
  t.after(() => client.socket.destroy());
  /** Sends one request on the same connection and gives the head of the answer. */
  const ask = async (fields: string, path = '/'): Promise<string> => {
    client.received = Buffer.alloc(0);
    client.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`);
    await client.until(({ text }) => text.includes('\r\n\r\n') && (text.endsWith('ok') || text.endsWith('\n')));
    return client.text.slice(0, client.text.indexOf('\r\n\r\n') + 2);
  };
  return { ...running, seen, ask, client };
}

const idIn = (head: string): string[] => [...head.matchAll(/^x-request-id: (.*)\r$/gim)].map((found) => found[1]!);

test('each request gets one id, the same for target, client and event', async (t) => {
  const { seen, ask, ledger } = await world(t, { requestId: {} });
  const ids = [...idIn(await ask('')), ...idIn(await ask('X-Request-ID: chosen-by-the-client\r\n'))];
  assert.equal(ids.length, 2, "one field per response, and not the backend's");
  assert.match(ids[0]!, /^[0-9a-f]{12}-1$/);
  assert.equal(ids[1], ids[0]!.replace(/1$/, '2'), 'what the client sent does not count');
  assert.deepEqual(
    seen.map((headers) => headers['x-request-id']),
    ids,
  );
  assert.deepEqual(
    ledger.requests.map(({ requestId }) => requestId),
    ids,
  );
});

test("a client's id is kept where that is wanted, if it is one", async (t) => {
  const { seen, ask } = await world(t, { requestId: { accept: true, header: 'x-request-id' } });
  assert.deepEqual(idIn(await ask('X-Request-Id: from-the-edge/1\r\n')), ['from-the-edge/1']);
  for (const bad of [
    'X-Request-Id: two words\r\n',
    'X-Request-Id: a\r\nX-Request-Id: b\r\n',
    'X-Request-Id: \r\n',
    `X-Request-Id: ${'x'.repeat(129)}\r\n`,
  ]) {
    const [id] = idIn(await ask(bad));
    assert.match(id!, /^[0-9a-f]{12}-/, bad);
    assert.equal(seen.at(-1)!['x-request-id'], id, bad);
  }
});

test('answers of the proxy itself carry the id too, refusals and upgrades included', async (t) => {
  const { ask, client, ledger } = await world(
    t,
    { requestId: {} },
    { match: { ports: 8080, domains: 'a.test', path: '/only' } },
  );
  assert.match(idIn(await ask('', '/only'))[0]!, /-1$/);
  assert.match(idIn(await ask('', '/nothing'))[0]!, /-2$/);
  client.received = Buffer.alloc(0);
  client.send('GET / HTTP/1.1\r\nHost : a.test\r\n\r\n');
  const refused = await client.whole();
  assert.match(refused, /^HTTP\/1\.1 400 /);
  assert.match(idIn(refused)[0]!, /-3$/);
  assert.equal(ledger.requests.at(-1)!.requestId, idIn(refused)[0]);
});

test('a header edit of the route wins over the id', async (t) => {
  const headers = { request: { 'X-Request-Id': 'fixed' }, response: { 'x-request-id': 'public' } };
  const { seen, ask } = await world(t, { requestId: {} }, { headers });
  assert.deepEqual(idIn(await ask('')), ['public']);
  assert.equal(seen[0]!['x-request-id'], 'fixed');
});

test('edited requests carry the id like plain ones', async (t) => {
  const { seen, ask } = await world(
    t,
    { requestId: { header: 'X-Trace' } },
    { headers: { request: { 'X-More': '1' } } },
  );
  const head = await ask('x-trace: mine\r\n');
  const [, id] = /^X-Trace: (.*)\r$/m.exec(head)!;
  assert.equal(seen[0]!['x-trace'], id);
  assert.equal(seen[0]!['x-more'], '1');
});

test('without the option nothing is added, and trace context passes as it came', async (t) => {
  const { seen, ask, ledger } = await world(t, {});
  for (const parent of [PARENT, 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`]) {
    const head = await ask(`traceparent: ${parent}\r\ntracestate: a=1,b=2\r\ntracestate: c=3\r\n`);
    assert.deepEqual(idIn(head), ['of-the-backend']);
    const headers = seen.at(-1)!;
    assert.equal(headers['traceparent'], parent);
    assert.equal(headers['tracestate'], 'a=1,b=2, c=3');
    assert.equal(headers['x-request-id'], undefined);
  }
  assert.deepEqual(
    ledger.requests.map(({ requestId, traceId }) => [requestId, traceId]),
    [
      [undefined, TRACE],
      [undefined, undefined],
      [undefined, undefined],
    ],
  );
});

test('the trace of a valid traceparent is told, with the field untouched', async (t) => {
  const { seen, ask, ledger } = await world(t, { requestId: {} });
  await ask(`Traceparent: ${PARENT}\r\n`);
  await ask('traceparent: nonsense\r\n');
  await ask(`traceparent: ${PARENT}\r\ntraceparent: ${PARENT}\r\n`);
  await ask('');
  assert.deepEqual(
    seen.map((headers) => headers['traceparent']),
    [PARENT, 'nonsense', `${PARENT}, ${PARENT}`, undefined],
  );
  assert.deepEqual(
    ledger.requests.map(({ traceId }) => traceId),
    [TRACE, undefined, undefined, undefined],
  );
});

test('the event tells version, referer and user agent of each request, and not those of the one before', async (t) => {
  const { ask, ledger } = await world(t, {});
  await ask('Referer: http://b.test/\r\nUSER-AGENT: curl/8\r\nUser-Agent: second\r\n');
  await ask(`Referer: ${'x'.repeat(2_000)}\r\n`);
  assert.deepEqual(
    ledger.requests.map(({ httpVersion, referer, userAgent }) => [httpVersion, referer, userAgent]),
    [
      ['1.1', 'http://b.test/', 'curl/8'],
      ['1.1', 'x'.repeat(1_024), undefined],
    ],
  );
});

test('traceparent by W3C Trace Context: version, lengths, zeros, later versions', () => {
  assert.equal(traceIdOf(PARENT), TRACE);
  assert.equal(traceIdOf(`cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-brings`), TRACE);
  for (const bad of [
    '',
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `cc-${TRACE}-00f067aa0ba902b7-01.more`,
    `00-${TRACE}-0000000000000000-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-1`,
    `${PARENT}, ${PARENT}`,
  ])
    assert.equal(traceIdOf(bad), undefined, bad);
});

test('a field that frames the message, or says whose it is, cannot be the id', () => {
  const problems = (requestId: object) => findOptionProblems({ routes: [], requestId }).map(({ field }) => field);
  assert.deepEqual(problems({ header: 'X-Correlation-Id', accept: true }), []);
  for (const header of ['Content-Length', 'host', 'X-Forwarded-For', 'no name', ''])
    assert.equal(problems({ header })[0], 'requestId.header', header);
});
