// Bursts of pipelined requests: reading pauses above the bound, and goes on once what was read is answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword } from '../../ts/security/password-hash.ts';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

test('a burst that fills what is held, and ends with a whole request, does not stop the connection', async (t) => {
  let reached = 0;
  const backend = await startHttp(t, (_req, res) => {
    reached += 1;
    res.end('ok');
  });
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  // Ten of them are more than the proxy holds, so that it stops reading in the midst of each burst.
  const request = `GET / HTTP/1.1\r\nHost: a.test\r\nX-Fill: ${'f'.repeat(12_000)}\r\n\r\n`;
  const bursts = 20;
  const each = 10;
  for (let burst = 0; burst < bursts; burst += 1) {
    client.send(request.repeat(each));
    await client.until(({ text }) => text.split('HTTP/1.1 200').length > each);
    client.received = Buffer.alloc(0);
  }
  client.socket.destroy();
  await ledger.settled();
  assert.equal(reached, bursts * each);
  assert.equal(proxy.stats.getTotals().requests, bursts * each);
});

test('reading goes on when a request was held for a check, and its target connection is there at once', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    let bytes = 0;
    req.on('data', (part: Buffer) => (bytes += part.length));
    req.on('end', () => res.end(`got ${bytes};`));
  });
  const passwordHash = await hashPassword('p');
  const security = { basicAuth: { enabled: true, users: [{ username: 'u', passwordHash }] } };
  const { port, ledger } = await startProxy(t, [
    forwardTo(backend.port),
    forwardTo(backend.port, { name: 'guarded', security }, { domains: 'b.test' }),
  ]);
  // Leaves a connection in the pool.
  const other = await RawClient.open(port(8080));
  other.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await other.has('got 0;');
  const client = await RawClient.open(port(8080));
  const body = 'x'.repeat(500_000);
  const head = `Host: b.test\r\nAuthorization: Basic ${btoa('u:p')}\r\nContent-Length: ${body.length}\r\n\r\n`;
  client.send(`POST / HTTP/1.1\r\n${head}${body}`);
  await client.has('got 500000;');
  // The password is known now; an unread answer holds the next request up in another way.
  client.received = Buffer.alloc(0);
  client.send('GET / HTTP/1.1\r\nHost: b.test\r\n\r\n');
  await client.has('401');
  client.send(`POST / HTTP/1.1\r\n${head}${body}`);
  await client.has('got 500000;');
  for (const each of [client, other]) each.socket.destroy();
  await ledger.settled();
});

test('reading goes on when the client takes its answers again', async (t) => {
  const answer = 'y'.repeat(1_000_000);
  const backend = await startHttp(t, (req, res) => {
    let bytes = 0;
    req.on('data', (part: Buffer) => (bytes += part.length));
    req.on('end', () => res.end(req.method === 'GET' ? answer : `got ${bytes};`));
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  const gets = 8;
  const body = 'x'.repeat(500_000);
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'.repeat(gets));
  client.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  // Until it has filled what there is between backend and client.
  await new Promise((resolve) => setTimeout(resolve, 300));
  client.socket.resume();
  await client.has('got 500000;');
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.requests.length, gets + 1);
});
