/**
 * What is wrong with the rules of a configuration.
 *
 * @module
 */
import { nearestName } from '../config/suggest.ts';
import type { TRulesConfig } from '../config/schema/rules.ts';
import { RulesError } from './compile.ts';
import { RuleSet } from './ruleset.ts';
import type { IRuleComplaint } from './types.ts';

/** @param routes names of the routes that rules may lead to */
export function ruleComplaints(rules: TRulesConfig, routes: readonly string[]): readonly IRuleComplaint[] {
  if (rules.rules.length === 0 && Object.keys(rules.lists).length === 0 && rules.timeZone === 'UTC') return [];
  const complaints = missingRoutes(rules, routes);
  try {
    new RuleSet(rules);
  } catch (error) {
    if (!(error instanceof RulesError)) throw error;
    complaints.push(...error.complaints);
  }
  return complaints;
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
