/**
 * The metrics of health checks.
 *
 * @module
 */
import type { IHealthStats } from '../health/types.ts';
import { Gone, type Families } from './families.ts';
import { catchUp, flag, unixSeconds } from './fill.ts';

const MS_PER_SECOND = 1_000;

export function registerHealthMetrics(families: Families, source: () => { stats(): IHealthStats } | null): void {
  const up = families.gauge(
    'dcrouter_health_check_up',
    '0 while the check is down, 1 otherwise; a check that is not decided yet counts as up.',
    'check',
  );
  const since = families.gauge(
    'dcrouter_health_check_changed_timestamp_seconds',
    'When the state of the check last changed, as Unix time.',
    'check',
  );
  const runs = families.counter('dcrouter_health_check_runs_total', 'Runs of the check.', 'check');
  const failures = families.counter('dcrouter_health_check_failures_total', 'Failed runs of the check.', 'check');
  const changes = families.counter('dcrouter_health_check_changes_total', 'Changes of state of the check.', 'check');
  const probeUp = families.gauge(
    'dcrouter_health_probe_up',
    '0 while one address of a check is down, 1 otherwise.',
    'check',
    'target',
  );
  const probeDuration = families.gauge(
    'dcrouter_health_probe_duration_seconds',
    'Time that the last run at one address of a check took.',
    'check',
    'target',
  );
  const delayed = families.counter(
    'dcrouter_health_delayed_total',
    'Runs that had to wait, as the bound of concurrent checks was reached.',
  );
  const gone = new Gone(up, since, runs, failures, changes);
  const probes = new Map<string, readonly [check: string, target: string]>();
  families.filling('dcrouter_health_checks_running', 'Runs of checks under way now.', (running) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    running.set(stats.running);
    catchUp(delayed.labels(), stats.delayed);
    const shown = new Set<string>();
    for (const check of stats.checks) {
      up.labels(check.name).set(flag(check.state !== 'down'));
      since.labels(check.name).set(unixSeconds(check.sinceMs));
      catchUp(runs.labels(check.name), check.runs);
      catchUp(failures.labels(check.name), check.failures);
      catchUp(changes.labels(check.name), check.changes);
      for (const probe of check.probes) {
        const key = `${check.name} ${probe.target}`;
        shown.add(key);
        probes.set(key, [check.name, probe.target]);
        probeUp.labels(check.name, probe.target).set(flag(probe.state !== 'down'));
        probeDuration.labels(check.name, probe.target).set(probe.durationMs / MS_PER_SECOND);
      }
    }
    gone.keepOnly(new Set(stats.checks.map(({ name }) => name)));
    for (const [key, labels] of probes) {
      if (shown.has(key)) continue;
      probeUp.remove(...labels);
      probeDuration.remove(...labels);
      probes.delete(key);
    }
  });
}
