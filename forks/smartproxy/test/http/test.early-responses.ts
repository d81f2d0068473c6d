// Responses ahead of the request's end: the client is told that no other will follow (RFC 9110 §10.1.1, RFC 9112 §9.6).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const EXPECTS = 'POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';

test('a final answer in place of 100 says that the connection ends, and it ends without the body', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'));
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(EXPECTS);
  assert.match(await client.whole(), /^HTTP\/1\.1 401 Unauthorized\r\n[^]*Connection: close\r\n\r\nno$/);
  await ledger.settled();
  assert.deepEqual([ledger.requests[0]!.statusCode, ledger.requests[0]!.error], [401, undefined]);
});

test('an answer that streams while the request does is whole, and the last one', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    res.writeHead(200);
    req.pipe(res);
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  await client.has('abc');
  client.send('3\r\ndef\r\n0\r\n\r\n');
  const text = await client.whole();
  assert.match(text, /\r\nConnection: close\r\n/);
  assert.match(text, /def\r\n0\r\n\r\n$/);
});

test('a body that came in time keeps its connection', async (t) => {
  const backend = await startHttp(t, (req, res) => req.resume().on('end', () => res.end('taken')));
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(EXPECTS);
  await client.has('HTTP/1.1 100 ');
  client.send('hello');
  await client.has('taken');
  assert.doesNotMatch(client.text, /close/);
  client.send(EXPECTS);
  await client.until(({ text }) => text.split('HTTP/1.1 100 ').length === 3);
  client.send('hello');
  await client.until(({ text }) => text.split('taken').length === 3);
  client.socket.destroy();
});
