import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DnsWorkerPool, type DnsServer } from '#server';
import { makeSharedLimits } from '../../ts_server/abuse/sharedlimits.ts';
import { askTcp, askUdp, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

const skip = process.platform === 'linux' ? false : 'SO_REUSEPORT spreads queries on Linux only';

test('several workers answer on one port, their numbers are one, their keys the same', { skip }, async (context) => {
  const keyFolder = mkdtempSync(join(tmpdir(), 'dns-workers-'));
  const exits: string[] = [];
  const pool = new DnsWorkerPool({
    entry: new URL('./poolworker.ts', import.meta.url),
    workers: 3,
    ports: { udpPort: 0 },
    workerData: { keyFolder },
    onWorkerExit: (error) => exits.push(error.message),
  });
  context.after(async () => {
    await pool.stop();
    rmSync(keyFolder, { recursive: true, force: true });
  });
  await pool.start();
  assert.equal(pool.size, 3);
  const port = pool.addresses.udp!.port;
  const threads = new Set<string>();
  let asked = 0;
  // Each question comes from a port of its own, and the system chooses a worker by it.
  while (threads.size < 3 && asked < 500) {
    const answer = await askUdp(port, { name: 'who.example.test', type: 'TXT' });
    threads.add((answer.answers[0]!.data as string[])[0]!);
    asked++;
  }
  assert.equal(threads.size, 3);
  const keys = new Set<string>();
  for (let turn = 0; turn < 12; turn++) {
    const answer = await askTcp(port, { name: 'example.test', type: 48 });
    keys.add(JSON.stringify(answer.answers[0]!.data));
    asked++;
  }
  assert.equal(keys.size, 1);
  const before = await pool.collect();
  assert.equal(before.totals.received, asked);
  assert.equal(before.totals.answered, asked);
  assert.deepEqual(before.transports, { udp: asked - 12, tcp: 12, tls: 0, https: 0 });
  assert.equal(before.latency.udp.count, asked - 12);
  assert.equal(before.zones.find(({ zone }) => zone === 'who.example.test')?.queries, asked - 12);
  await askUdp(port, { name: 'die.example.test' });
  const deadline = Date.now() + 60_000;
  while ((pool.size < 3 || exits.length === 0) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual([pool.size, exits], [3, ['ended on purpose']]);
  // What the ended worker had told before stays counted.
  assert.ok((await pool.collect()).totals.received >= asked);
  await pool.stop();
  assert.equal(pool.size, 0);
  const after = pool.stats.getTotals();
  assert.ok(after.received >= asked && after.answered === after.received);
});

test('a worker that cannot start is an error that says why, and nothing is left running', { skip }, async (context) => {
  const entry = new URL('./poolworker.ts', import.meta.url);
  const pool = new DnsWorkerPool({ entry, workers: 2, ports: { udpPort: 0 }, workerData: null });
  context.after(async () => await pool.stop());
  await assert.rejects(pool.start(), /keyFolder/);
  assert.equal(pool.size, 0);
  assert.throws(() => new DnsWorkerPool({ entry, workers: 0 }), RangeError);
});

test('a client has one query limit over all workers', { skip }, async (context) => {
  const keyFolder = mkdtempSync(join(tmpdir(), 'dns-workers-'));
  const burst = 40;
  // So slow that nothing comes back while the test runs.
  const queryLimit = { queriesPerSecond: 1e-6, burst };
  const entry = new URL('./poolworker.ts', import.meta.url);
  const pool = new DnsWorkerPool({ entry, workers: 3, ports: { udpPort: 0 }, workerData: { keyFolder, queryLimit } });
  context.after(async () => {
    await pool.stop();
    rmSync(keyFolder, { recursive: true, force: true });
  });
  await pool.start();
  const threads = new Set<string>();
  let answered = 0;
  let refused = 0;
  // One after the other, so that no two workers spend at the same moment; each connection goes to a worker by its port.
  for (let turn = 0; turn < 3 * burst; turn++) {
    const answer = await askTcp(pool.addresses.tcp!.port, { name: 'who.example.test', type: 'TXT' });
    if (answer.rcode === 5) refused++;
    else {
      answered++;
      threads.add((answer.answers[0]!.data as string[])[0]!);
    }
  }
  assert.ok(threads.size > 1, 'one worker got every connection');
  assert.deepEqual([answered, refused], [burst, 2 * burst]);
});

test('a network has one rate of answers over all servers that share it', async (context) => {
  const sharedLimits = makeSharedLimits();
  const responsesPerSecond = 10;
  const register = (dns: DnsServer): void =>
    dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  const start = async (): Promise<DnsServer> =>
    (await startServer(context, { rateLimit: { responsesPerSecond, slip: 0 }, sharedLimits }, register)).server;
  const servers = [await start(), await start()];
  const query = makeQuery({ name: 'www.example.test' });
  const from = performance.now();
  let sent = 0;
  for (let turn = 0; turn < 4 * responsesPerSecond; turn++) {
    const answer = servers[turn % 2]!.processRawDnsPacketAsync(query, { source: 'udp', clientIp: '198.51.100.7' });
    await answer.then(
      () => sent++,
      () => undefined,
    );
  }
  // What came back while the test ran is allowed too.
  const refilled = Math.ceil(((performance.now() - from) * responsesPerSecond) / 1_000);
  assert.ok(
    sent >= responsesPerSecond && sent <= responsesPerSecond + refilled,
    `${sent} answers, ${refilled} refilled`,
  );
});
