import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { metricsHandler, Registry, serveSnapshots, WorkerSum } from '@dcrouter/metrics';
import type { IChannel } from '@dcrouter/metrics';
import { parseExposition, valueOf } from '../helpers/parse.ts';

const workerFile = join(import.meta.dirname, 'worker.ts');

async function count(worker: ChildProcess, amount: number): Promise<void> {
  worker.send({ count: amount });
  // Messages of the library pass by on the same channel.
  for (;;) {
    const [message] = (await once(worker, 'message')) as [{ counted?: number }];
    if (message.counted === amount) return;
  }
}

test('several processes are one scrape, and what a dead one counted stays', async (t) => {
  const own = new Registry();
  own.counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['kind'] }).inc({ kind: 'a' }, 1_000);
  const sum = new WorkerSum({ own });
  const workers = Array.from({ length: 2 }, () => fork(workerFile, { execArgv: process.execArgv }));
  t.after(() => workers.forEach((worker) => worker.kill('SIGKILL')));
  for (const worker of workers) sum.add(worker);
  await count(workers[0]!, 1);
  await count(workers[1]!, 2);

  const server = createServer(metricsHandler(sum) as RequestListener).listen(0, '127.0.0.1');
  t.after(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const scrape = async () => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return parseExposition(await answer.text(), 'text');
  };
  const both = await scrape();
  assert.equal(valueOf(both, 'jobs_total', { kind: 'a' }), 1_003);
  assert.equal(valueOf(both, 'jobs_open'), 3);
  assert.equal(valueOf(both, 'job_seconds_count'), 2);
  assert.equal(valueOf(both, 'job_latency', { quantile: '0.99' }), 2);
  assert.equal(valueOf(both, 'metrics_workers'), 2);

  // One ends on purpose and says its last word, one is killed after a scrape saw everything it did.
  await count(workers[0]!, 4);
  workers[0]!.send({ done: true });
  await once(workers[0]!, 'exit');
  workers[1]!.kill('SIGKILL');
  await once(workers[1]!, 'exit');
  const none = await scrape();
  assert.equal(valueOf(none, 'jobs_total', { kind: 'a' }), 1_007);
  assert.equal(valueOf(none, 'job_seconds_sum'), 7);
  assert.equal(valueOf(none, 'job_latency_count'), 3);
  assert.ok(!none.has('jobs_open'), 'gauges describe the living');
  assert.equal(valueOf(none, 'metrics_workers'), 0);
  assert.equal(sum.late, 0);
});

/** One end of a channel whose other end is in the same process. */
class ChannelEnd extends EventEmitter implements IChannel {
  send: ((message: object) => unknown) | undefined;
  postMessage: ((message: object) => unknown) | undefined;
}

function channelPair(): { primary: ChannelEnd; worker: ChannelEnd } {
  const primary = new ChannelEnd();
  const worker = new ChannelEnd();
  primary.send = (message) => setImmediate(() => worker.emit('message', message));
  worker.postMessage = (message) => setImmediate(() => primary.emit('message', message));
  return { primary, worker };
}

test('a worker that does not answer counts with its last snapshot', async () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.' });
  const { primary, worker } = channelPair();
  const served = serveSnapshots(registry, { channel: worker });
  const sum = new WorkerSum({ timeoutMs: 250 });
  sum.add(primary);
  counter.inc();
  assert.match(await sum.expose(), /^a_total 1$/m);
  served.stop();
  counter.inc();
  const text = await sum.expose();
  assert.match(text, /^a_total 1$/m);
  assert.match(text, /^metrics_worker_snapshots_late_total 1$/m);
  await served.push();
  await new Promise(setImmediate);
  assert.match(await sum.expose(), /^a_total 2$/m);
});

test('other messages pass by, and a closed channel is as good as no answer', async () => {
  const { primary, worker } = channelPair();
  const sum = new WorkerSum({ timeoutMs: 5 });
  sum.add(primary);
  primary.emit('message', 'hello');
  primary.emit('message', null);
  primary.emit('message', { kind: 'else' });
  worker.on('message', () => {});
  primary.send = () => {
    throw new Error('closed');
  };
  assert.doesNotMatch(await sum.expose(), /a_total/);
  primary.emit('exit');
  primary.emit('exit');
  assert.equal(sum.size, 0);
});

test('an exit while a request is under way does not hold the scrape up', async () => {
  const { primary } = channelPair();
  const sum = new WorkerSum({ timeoutMs: 60_000 });
  sum.add(primary);
  const page = sum.expose();
  setImmediate(() => primary.emit('exit'));
  assert.match(await page, /^metrics_workers 0$/m);
});

test('a metric that a worker defines differently is left out and counted; the rest is summed', async () => {
  const own = new Registry();
  own.gauge({ name: 'a', help: 'A.' }).set(1);
  own.counter({ name: 'b_total', help: 'B.' }).inc(2);
  const theirs = new Registry();
  theirs.gauge({ name: 'a', help: 'A.', labelNames: ['x'] });
  theirs.counter({ name: 'b_total', help: 'B.' }).inc(3);
  const { primary, worker } = channelPair();
  serveSnapshots(theirs, { channel: worker }).push().catch(assert.fail);
  const sum = new WorkerSum({ own });
  sum.add(primary);
  const text = await sum.expose();
  assert.match(text, /^b_total 5$/m);
  assert.match(text, /^metrics_worker_metrics_mismatched_total 1$/m);
  primary.emit('exit');
});

test('the sum can be pushed as a snapshot', async () => {
  const own = new Registry();
  own.counter({ name: 'b_total', help: 'B.' }).inc(2);
  const snapshot = await new WorkerSum({ own }).snapshot();
  assert.deepEqual(snapshot.metrics.find(({ name }) => name === 'b_total')?.series[0]?.values, [2]);
});
