/** Sets of rules made from short notations, and a clock that only tests move. */
import { rules as rulesSchema, type TRuleAction, type TRulesConfig } from '../../ts/config/schema/rules.ts';
import type { IRuleClock } from '../../ts/rules/calendar.ts';
import type { Facts } from '../../ts/rules/facts.ts';
import { factsOf } from '../../ts/rules/input.ts';
import type { IOutcome } from '../../ts/rules/outcome.ts';
import { RuleSet, type IRuleSetOptions } from '../../ts/rules/ruleset.ts';
import type { IFactsInput } from '../../ts/rules/types.ts';

export type TAction = Partial<TRuleAction> & { type: TRuleAction['type'] };

export interface INotation {
  readonly name?: string;
  readonly when: string;
  readonly action?: TAction;
  readonly priority?: number;
  readonly enabled?: boolean;
  readonly stages?: readonly string[];
}

/** A configuration with every default filled in. */
export function rulesConfig(rules: readonly INotation[], more: Record<string, unknown> = {}): TRulesConfig {
  const named = rules.map((rule, at) => ({ name: `r${at}`, action: { type: 'deny' }, ...rule }));
  return rulesSchema.parse({ rules: named, ...more });
}

export function ruleSet(
  rules: readonly INotation[],
  more: Record<string, unknown> = {},
  options: IRuleSetOptions = {},
): RuleSet {
  return new RuleSet(rulesConfig(rules, more), options);
}

export class TestClock implements IRuleClock {
  atMs = 1_000_000;

  wallMs(): number {
    return this.atMs;
  }

  monotonicMs(): number {
    return this.atMs;
  }
}

/** What a set decides about facts given as JSON. */
export function decide(set: RuleSet, input: IFactsInput): { decision: string; rule: string | undefined; facts: Facts } {
  const facts = factsOf(input, set);
  const { decision, rule } = set.judge(facts);
  return { decision, rule: rule?.name, facts };
}

/** What comes out of it, in the form that proxy and DNS server take. */
export function outcomeOf(set: RuleSet, input: IFactsInput): IOutcome {
  return set.judge(factsOf(input, set));
}
