/**
 * The metrics of the rule engine.
 *
 * @module
 */
import type { IRuleStats } from '../rules/types.ts';
import { Gone, type Families } from './families.ts';
import { catchUp, catchUpAll } from './fill.ts';

export function registerRuleMetrics(families: Families, source: () => { stats(): IRuleStats } | null): void {
  const evaluations = families.counter(
    'dcrouter_rule_evaluations_total',
    'Times that the rules were asked, by stage: connection, request, query or mail.',
    'stage',
  );
  const hits = families.counter(
    'dcrouter_rule_hits_total',
    'Matches of a rule since it was last changed.',
    'rule',
    'action',
  );
  const keys = families.gauge('dcrouter_rule_counter_keys', 'Keys that a counter of the rules holds now.', 'counter');
  const evicted = families.counter(
    'dcrouter_rule_counter_evicted_total',
    'Keys that a counter of the rules gave up for others, as it was full.',
    'counter',
  );
  const lines = families.counter(
    'dcrouter_rule_log_dropped_total',
    'Log lines of rules left out, as there were too many in one second.',
  );
  const goneRules = new Gone(hits);
  const goneCounters = new Gone(keys, evicted);
  families.filling('dcrouter_rules', 'Rules that run.', (rules) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    rules.set(stats.rules);
    catchUpAll(evaluations, { ...stats.evaluations });
    for (const { rule, action, hits: count } of stats.hits) {
      goneRules.saw(action);
      // A changed rule begins anew, as Prometheus expects of a counter that was reset.
      if (count < hits.labels(rule, action).value) hits.remove(rule, action);
      catchUp(hits.labels(rule, action), count);
    }
    goneRules.keepOnly(new Set(stats.hits.map(({ rule }) => rule)));
    for (const counter of stats.counters) {
      keys.labels(counter.name).set(counter.keys);
      catchUp(evicted.labels(counter.name), counter.evicted);
    }
    goneCounters.keepOnly(new Set(stats.counters.map(({ name }) => name)));
    catchUp(lines.labels(), stats.logLinesDropped);
  });
}
