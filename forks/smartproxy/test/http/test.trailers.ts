// Fields behind a body: what the proxy says of a client must not be said by the client there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicyHeaders, policyVerdict } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const LAST = 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n';

test('a trailer cannot stand in for a field that route, policy or proxy set', async (t) => {
  const seen: Array<Record<string, unknown>> = [];
  const backend = await startHttp(t, (req, res) => {
    req.resume().on('end', () => {
      seen.push({ user: req.headers['x-user'], rule: req.headers['x-rule'], ...req.trailers });
      res.end();
    });
  });
  const requestHeaders = new PolicyHeaders([{ kind: 'set', name: 'X-Rule', value: 'ours' }]);
  const verdict = policyVerdict({ action: 'continue', requestHeaders });
  const { port } = await startProxy(
    t,
    [forwardTo(backend.port, { headers: { request: { 'X-User': '{clientIp}' } } })],
    { requestId: {}, policy: { request: () => verdict } },
  );
  const client = await RawClient.open(port(8080));
  const trailers = 'X-USER: admin\r\nX-Sum: 1\r\nx-rule: theirs\r\nX-Request-Id: theirs\r\nX-Last: 2\r\n';
  client.send(`POST / HTTP/1.1\r\nHost: a.test\r\n${LAST}${trailers}\r\n`);
  await client.whole();
  assert.deepEqual(seen, [{ 'user': '127.0.0.1', 'rule': 'ours', 'x-sum': '1', 'x-last': '2' }]);
});

test('trailers that are all left out leave a whole message', async (t) => {
  let rest: unknown;
  const backend = await startHttp(t, (req, res) => {
    req.resume().on('end', () => {
      rest = { ...req.trailers };
      res.end('ok');
    });
  });
  const { port } = await startProxy(t, [forwardTo(backend.port, { headers: { request: { 'X-User': '' } } })]);
  const client = await RawClient.open(port(8080));
  client.send(`POST / HTTP/1.1\r\nHost: a.test\r\n${LAST}X-User: admin\r\n\r\n`);
  assert.match(await client.whole(), /^HTTP\/1\.1 200 /);
  assert.deepEqual(rest, {});
});
