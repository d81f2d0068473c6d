import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DnsWorkerPool } from '#server';
import { askTcp, askUdp } from './ask.ts';

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
