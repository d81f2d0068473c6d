/**
 * One rule, compiled.
 *
 * @module
 */
import type { IPolicyVerdict } from '@dcrouter/smartproxy';
import type { TRuleConfig } from '../config/schema/rules.ts';
import type { WindowCounter } from './counters.ts';
import type { TCondition, TRead } from './lang/compile.ts';
import type { TTyped } from './lang/typed.ts';
import type { IOutcome, IRuleEdit } from './outcome.ts';
import type { ITemplate } from './template.ts';

/** What a rule does, as a number to switch on. */
export const ACT = { tag: 0, log: 1, edit: 2, rate: 3, pass: 4, refuse: 5, redirect: 6 } as const;

/** What an action was made into. */
export interface ICompiledAction {
  readonly act: number;
  /** Bits of the stages at which the action means something. */
  readonly stages: number;
  /** Number of the tag to set. */
  readonly tag: number;
  readonly edit: IRuleEdit | null;
  /** Of `route`: where to. */
  readonly destination: (Partial<IPolicyVerdict> & Pick<IPolicyVerdict, 'action'>) | null;
  readonly limit: IRateLimit | null;
  readonly redirect: ITemplate | null;
}

export interface IRateLimit {
  readonly counter: WindowCounter;
  readonly count: number;
  readonly key: TRead;
}

export class Rule {
  readonly config: TRuleConfig;
  /** Bits of the stages at which it is asked. */
  readonly stages: number;
  /** Of the expression. */
  readonly typed: TTyped;
  readonly matches: TCondition;
  readonly action: ICompiledAction;
  readonly act: number;
  /** What it refuses with; null for rules that refuse nothing. */
  readonly refusal: IOutcome | null;
  hits = 0;

  constructor(
    config: TRuleConfig,
    stages: number,
    typed: TTyped,
    matches: TCondition,
    action: ICompiledAction,
    makeRefusal: (rule: Rule) => IOutcome | null,
  ) {
    this.config = config;
    this.stages = stages;
    this.typed = typed;
    this.matches = matches;
    this.action = action;
    this.act = action.act;
    this.refusal = makeRefusal(this);
  }

  get name(): string {
    return this.config.name;
  }

  get destination(): ICompiledAction['destination'] {
    return this.action.destination;
  }
}
