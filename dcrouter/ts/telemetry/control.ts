/**
 * The metrics of configuration changes.
 *
 * @module
 */
import { DURATION_BOUNDS_SECONDS } from '../control/limits.ts';
import { CHANGE_OUTCOMES, CHANGE_SOURCES, type IControlStats } from '../control/stats.ts';
import type { Families } from './families.ts';
import { catchUp, flag, loadDurations, unixSeconds } from './fill.ts';

type TFill = (stats: IControlStats) => void;

export function registerControlMetrics(families: Families, source: () => { stats(): IControlStats } | null): void {
  const changes = changeMetrics(families);
  const states = stateMetrics(families);
  families.filling('dcrouter_config_version', 'Version of the document that serves; 0 without a store.', (version) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    version.set(stats.version);
    changes(stats);
    states(stats);
  });
}

function changeMetrics(families: Families): TFill {
  const changes = families.counter(
    'dcrouter_config_changes_total',
    'Configuration changes, by source (file, api, rollback, objects, nodes) and outcome.',
    'source',
    'outcome',
  );
  const reverted = families.counter(
    'dcrouter_config_reverted_total',
    'Changes taken back as nobody confirmed them in time.',
  );
  const confirmed = families.counter('dcrouter_config_confirmed_total', 'Changes confirmed in time.');
  const busy = families.counter(
    'dcrouter_config_busy_total',
    'Changes refused as too many waited, or one waited too long.',
  );
  const conflicts = families.counter(
    'dcrouter_config_conflicts_total',
    'Tries of an object change that another node overtook.',
  );
  const duration = families.histogram(
    'dcrouter_config_change_duration_seconds',
    'Time that applied changes took, from their turn to their answer.',
    DURATION_BOUNDS_SECONDS,
  );
  return (stats) => {
    for (const from of CHANGE_SOURCES)
      for (const outcome of CHANGE_OUTCOMES) catchUp(changes.labels(from, outcome), stats.changes[from][outcome]);
    catchUp(reverted.labels(), stats.reverted);
    catchUp(confirmed.labels(), stats.confirmed);
    catchUp(busy.labels(), stats.busy);
    catchUp(conflicts.labels(), stats.conflicts);
    loadDurations(duration.labels(), stats.duration);
  };
}

function stateMetrics(families: Families): TFill {
  const revision = families.gauge('dcrouter_config_revision', 'Revision of the shared objects that serve.');
  const waiting = families.gauge('dcrouter_config_changes_waiting', 'Changes that wait for their turn now.');
  const success = families.gauge(
    'dcrouter_config_last_success_timestamp_seconds',
    'When a change last succeeded, as Unix time; 0 before the first one.',
  );
  const failure = families.gauge(
    'dcrouter_config_last_failure_timestamp_seconds',
    'When a change was last refused or failed, as Unix time; 0 before the first one.',
  );
  const restart = families.gauge(
    'dcrouter_config_pending_restart',
    'Settings that were applied and take effect with the next restart.',
  );
  const unconfirmed = families.gauge(
    'dcrouter_config_unconfirmed',
    '1 while the running version is taken back unless confirmed.',
  );
  const storeOpen = families.gauge(
    'dcrouter_config_changeable',
    '1 once the store has been opened; before that, changes are refused.',
  );
  return (stats) => {
    revision.set(stats.revision);
    waiting.set(stats.waiting);
    success.set(unixSeconds(stats.lastSuccessAtMs ?? 0));
    failure.set(unixSeconds(stats.lastFailureAtMs ?? 0));
    restart.set(stats.pendingRestart);
    unconfirmed.set(flag(stats.confirmByMs !== undefined));
    storeOpen.set(flag(stats.storeOpen));
  };
}
