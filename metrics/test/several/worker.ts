// A worker process of test.workersum.ts: counts what it is told to and answers for its snapshot.
import { Registry, serveSnapshots } from '@dcrouter/metrics';

const registry = new Registry();
const jobs = registry.counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['kind'] });
const open = registry.gauge({ name: 'jobs_open', help: 'Open jobs.' });
const seconds = registry.histogram({ name: 'job_seconds', help: 'Durations.', buckets: [1, 2] });
const latency = registry.summary({ name: 'job_latency', help: 'Latency.' });
const metrics = serveSnapshots(registry);

process.on('message', (message: { count?: number; done?: boolean }) => {
  if (message.count !== undefined) {
    jobs.inc({ kind: 'a' }, message.count);
    open.set(message.count);
    seconds.observe(message.count);
    latency.observe(message.count);
    process.send!({ counted: message.count });
  }
  if (message.done === true) void metrics.push().then(() => process.disconnect?.());
});
