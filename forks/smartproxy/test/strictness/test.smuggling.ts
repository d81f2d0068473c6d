import { SmartProxy } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brokenBodies, lawfulStreams } from './corpus/bodies.ts';
import { refusedHeads } from './corpus/heads.ts';
import { type IAttack, SMUGGLED } from './corpus/shape.ts';
import { exchange, exchangeUntilClose, freePort, type IWitness, startWitness } from './witness.ts';

/** An answer that does not come is a failure, long before the proxy's own time-outs. */
const ANSWER_TIMEOUT_MS = 10_000;
const MARKER = 'GET /marker HTTP/1.1\r\nHost: h.test\r\n\r\n';

let witness: IWitness;
let proxy: SmartProxy;
let port = 0;

before(async () => {
  witness = await startWitness();
  port = await freePort();
  const targets = [{ host: '127.0.0.1', port: witness.port }];
  proxy = new SmartProxy({
    routes: [{ name: 'h', match: { ports: port, domains: 'h.test' }, action: { type: 'forward', targets } }],
    maxConnectionsPerIP: 10_000,
    connectionRateLimitPerMinute: 1_000_000,
  });
  await proxy.start();
});

after(async () => {
  await proxy.stop({ drainTimeout: 100 });
  await witness.stop();
});

/** A lawful request on a fresh connection: when it has arrived, so has everything sent before it. */
async function marker(): Promise<void> {
  const reply = await exchange(port, MARKER, (text) => text.includes('seen /marker'));
  assert.match(reply, /^HTTP\/1\.1 200 /);
}

/** What arrived since the last call, the marker's own request taken off the end. */
async function arrivals(): Promise<Array<{ method: string; target: string; body: string }>> {
  await marker();
  const seen = witness.requests.splice(0).map(({ method, target, body }) => ({ method, target, body }));
  assert.deepEqual(seen.pop(), { method: 'GET', target: '/marker', body: '' });
  return seen;
}

function rejects(): Map<string, number> {
  return new Map(proxy.stats.getRejectReasons());
}

/** The reasons counted since `before`, each as often as it was counted. */
function countedSince(before: Map<string, number>): string[] {
  const reasons: string[] = [];
  for (const [reason, count] of rejects()) {
    for (let more = count - (before.get(reason) ?? 0); more > 0; more -= 1) reasons.push(reason);
  }
  return reasons;
}

function statusIsRight(attack: IAttack, status: number): boolean {
  if (status === attack.status) return true;
  if (attack.anyRefusal === true) return status >= 400 && status < 600;
  return attack.versionAllowed === true && (status === 400 || status === 505);
}

describe('heads that parsers read differently are refused, counted once, and nothing arrives', () => {
  for (const attack of refusedHeads) {
    test(attack.name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      const countedBefore = rejects();
      const reply = await exchangeUntilClose(port, attack.bytes + SMUGGLED);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(reply)?.[1] ?? 0);
      assert.ok(statusIsRight(attack, status), `status ${status}, wanted ${attack.status}`);
      assert.equal(reply.match(/HTTP\/1\.1 /g)?.length, 1, 'one answer, then the end');
      assert.deepEqual(countedSince(countedBefore), [attack.reason], 'counted once, by its reason');
      assert.deepEqual(await arrivals(), []);
    });
  }
});

describe('bodies whose framing breaks are cut off, counted once, and never complete behind the proxy', () => {
  for (const { name, body, reason } of brokenBodies) {
    test(name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      const countedBefore = rejects();
      const head = 'POST /broken HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n';
      const reply = await exchangeUntilClose(port, head + body + SMUGGLED);
      assert.ok(!reply.includes('seen '), 'no answer of the backend comes back');
      assert.match(reply, /^HTTP\/1\.1 4\d\d /);
      assert.deepEqual(countedSince(countedBefore), [reason], 'counted once, by its reason');
      assert.deepEqual(await arrivals(), []);
    });
  }
});

describe('bodies that break once the backend has their head: the same, and the backend sees the cut', () => {
  for (const { name, body, reason } of brokenBodies) {
    test(name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      const countedBefore = rejects();
      const headsBefore = witness.heads;
      const head = 'POST /broken HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
      const reply = await exchangeUntilClose(port, head, async () => {
        await witness.headsReach(headsBefore + 1);
        return body + SMUGGLED;
      });
      assert.ok(!reply.includes('seen '), 'no answer of the backend comes back');
      assert.match(reply, /^HTTP\/1\.1 4\d\d /);
      assert.deepEqual(countedSince(countedBefore), [reason], 'counted once, by its reason');
      assert.deepEqual(await arrivals(), []);
    });
  }
});

describe('what only looks like an attack arrives as it was meant', () => {
  for (const { name, bytes, arrivals: wanted, removed } of lawfulStreams) {
    test(name, { timeout: ANSWER_TIMEOUT_MS }, async () => {
      const countedBefore = rejects();
      let answers = 0;
      await exchange(port, bytes, (reply) => {
        answers = reply.match(/seen \//g)?.length ?? 0;
        return answers === wanted.length;
      });
      assert.equal(answers, wanted.length);
      const headers = witness.requests.at(-1)?.headers ?? {};
      for (const field of removed ?? []) assert.equal(headers[field], undefined, `${field} is not forwarded`);
      assert.deepEqual(await arrivals(), wanted);
      assert.deepEqual(countedSince(countedBefore), []);
    });
  }
});
