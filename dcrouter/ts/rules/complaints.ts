/**
 * What is wrong with the rules of a configuration.
 *
 * @module
 */
import { nearestName } from '../config/suggest.ts';
import type { TRulesConfig } from '../config/schema/rules.ts';
import { RulesError } from './compile.ts';
import { RuleSet } from './ruleset.ts';
import { STAGE } from './stages.ts';
import type { IRuleComplaint } from './types.ts';

/**
 * @param routes names of the routes that rules may lead to
 * @param hasWorkers the proxy serves in processes of its own, which cannot ask
 */
export function ruleComplaints(
  rules: TRulesConfig,
  routes: readonly string[],
  hasWorkers = false,
): readonly IRuleComplaint[] {
  if (rules.rules.length === 0 && Object.keys(rules.lists).length === 0 && rules.timeZone === 'UTC') return [];
  const complaints = missingRoutes(rules, routes);
  try {
    const set = new RuleSet(rules);
    if (hasWorkers) complaints.push(...askedInWorkers(set));
  } catch (error) {
    if (!(error instanceof RulesError)) throw error;
    complaints.push(...error.complaints);
  }
  return complaints;
}

/** Half a rule would be worse than none: `stages: [query]` says that queries alone are meant. */
function askedInWorkers(set: RuleSet): IRuleComplaint[] {
  return set.ordered.flatMap((rule) => {
    if ((rule.stages & (STAGE.connection | STAGE.request)) === 0) return [];
    const message = 'is asked at connections or requests, which worker processes cannot do; leave proxy.workers out';
    return [{ path: ['rules', set.config.rules.indexOf(rule.config)], message }];
  });
}

function missingRoutes(rules: TRulesConfig, routes: readonly string[]): IRuleComplaint[] {
  return rules.rules.flatMap(({ action }, index) => {
    if (action.type !== 'route' || action.route === undefined || routes.includes(action.route)) return [];
    const near = nearestName(action.route, routes);
    const hint = near === undefined ? `known are ${routes.join(', ') || 'none'}` : `did you mean '${near}'?`;
    return [
      { path: ['rules', index, 'action', 'route'], message: `got '${action.route}', which no route has; ${hint}` },
    ];
  });
}
