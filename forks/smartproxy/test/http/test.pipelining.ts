// Bursts of pipelined requests: reading pauses above the bound, and goes on once what was read is answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
