import { SmartProxy } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { badResponseHeads, brokenResponseBodies, trailingBytes } from './corpus/responses.ts';
import { exchange, exchangeUntilClose, freePort, type IRawBackend, startRawBackend } from './witness.ts';

/** An answer that does not come is a failure, long before the proxy's own time-outs. */
const ANSWER_TIMEOUT_MS = 10_000;
const REQUEST = 'GET /x HTTP/1.1\r\nHost: h.test\r\n\r\n';
const CLOSING = 'GET /x HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n';
const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';

let backend: IRawBackend;
let proxy: SmartProxy;
let port = 0;

before(async () => {
  backend = await startRawBackend();
  port = await freePort();
  const targets = [{ host: '127.0.0.1', port: backend.port }];
  proxy = new SmartProxy({
    routes: [{ name: 'h', match: { ports: port, domains: 'h.test' }, action: { type: 'forward', targets } }],
    maxConnectionsPerIP: 10_000,
    connectionRateLimitPerMinute: 1_000_000,
  });
  await proxy.start();
});

after(async () => {
  await proxy.stop({ drainTimeout: 100 });
  await backend.stop();
});

function failures(): number {
  const [upstream] = proxy.stats.getUpstreamStats();
  return Object.values(upstream?.failures ?? {}).reduce((sum, count) => sum + count, 0);
}

/** The next request gets the good answer and nothing of the bad one. */
async function nextIsClean(): Promise<void> {
  backend.answer = GOOD;
  const reply = await exchangeUntilClose(port, CLOSING);
  assert.match(reply, /^HTTP\/1\.1 200 [^]*\r\n\r\ngood$/);
}

describe('answers that parsers read differently become 502, and leave nothing behind', () => {
  for (const { name, bytes } of badResponseHeads) {
    test(name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      const failedBefore = failures();
      backend.answer = bytes;
      const reply = await exchangeUntilClose(port, CLOSING);
      assert.match(reply, /^HTTP\/1\.1 502 /);
      assert.equal(reply.match(/HTTP\/1\.1 /g)?.length, 1);
      assert.equal(failures(), failedBefore + 1, 'counted as a failure of the target');
      await nextIsClean();
    });
  }
});

describe('bodies that break reach the client as broken', () => {
  for (const { name, bytes } of brokenResponseBodies) {
    test(name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      const failedBefore = failures();
      backend.answer = bytes;
      const reply = await exchangeUntilClose(port, REQUEST);
      const whole = reply.startsWith('HTTP/1.1 200') && reply.endsWith('0\r\n\r\n');
      assert.ok(!whole, `the client can see that something is missing: ${JSON.stringify(reply)}`);
      assert.equal(failures(), failedBefore + 1, 'counted as a failure of the target');
      await nextIsClean();
    });
  }
});

describe('bytes behind an answer never answer another request', () => {
  for (const { name, bytes } of trailingBytes) {
    test(name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      backend.answer = bytes;
      const status = bytes.slice(9, 12);
      const reply = await exchange(
        port,
        REQUEST,
        (text) => text.includes('\r\n\r\n') && (status !== '200' || text.endsWith('abc')),
      );
      assert.match(reply, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.ok(!reply.includes('poisoned'));
      await nextIsClean();
    });
  }
});
