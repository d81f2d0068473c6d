/**
 * The metrics of the log.
 *
 * @module
 */
import type { ILogStats } from '../log/logs.ts';
import type { Families } from './families.ts';
import { catchUp } from './fill.ts';

export function registerLogMetrics(families: Families, source: () => { stats(): ILogStats } | null): void {
  const written = families.counter(
    'dcrouter_log_lines_total',
    'Lines handed to the system, by destination: log, or access for access lines in a file of their own.',
    'destination',
  );
  const dropped = families.counter(
    'dcrouter_log_dropped_total',
    'Lines given up, as too much waited for the destination or as it failed.',
    'destination',
  );
  const failures = families.counter(
    'dcrouter_log_failures_total',
    'Failed writes and openings of the destination.',
    'destination',
  );
  const waiting = families.gauge(
    'dcrouter_log_lines_waiting',
    'Lines that wait for the destination now.',
    'destination',
  );
  const sampled = families.counter('dcrouter_log_sampled_out_total', 'Access lines left out by sampling.');
  const suppressed = families.counter(
    'dcrouter_log_suppressed_total',
    'Warnings left out as equal ones had just been written; one line tells their number.',
  );
  const followers = families.gauge('dcrouter_log_followers', 'Readers that follow the log now.');
  families.filling('dcrouter_log_tail_lines', 'Newest lines kept in memory.', (lines) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    for (const [destination, output] of Object.entries(stats.outputs)) {
      catchUp(written.labels(destination), output.written);
      catchUp(dropped.labels(destination), output.dropped);
      catchUp(failures.labels(destination), output.failures);
      waiting.labels(destination).set(output.waiting);
    }
    catchUp(sampled.labels(), stats.sampledOut);
    catchUp(suppressed.labels(), stats.suppressed);
    followers.set(stats.tail.followers);
    lines.set(stats.tail.lines);
  });
}
