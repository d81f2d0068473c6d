/**
 * What the rule engine shows to the API and the command: rules with their hits, tests with their reasons, and what was
 * recorded.
 *
 * @module
 */
import type { TRuleConfig, TRulesConfig } from '../config/schema/rules.ts';

/** Where a rule is asked: a connection when it comes, an HTTP request, a DNS query, a step of a mail dialogue. */
export type TStage = 'connection' | 'request' | 'query' | 'mail';

/** One rule as it runs. */
export interface IRuleStatus extends Readonly<Omit<TRuleConfig, 'stages'>> {
  /** Place in the order of evaluation, from 1; 0 when the rule is not enabled. */
  readonly order: number;
  readonly stages: readonly TStage[];
  /** How often it matched since it was last changed. */
  readonly hits: number;
}

/**
 * What a test is asked about, as JSON. What is left out is absent: nothing that is compared with it holds.
 */
export interface IFactsInput {
  /** Default: by what is given: `dns`, `smtp`, `http`, otherwise a connection. */
  readonly stage?: TStage;
  /** Unix milliseconds; default now. */
  readonly atMs?: number;
  readonly client?: { readonly ip?: string; readonly port?: number };
  readonly conn?: { readonly port?: number; readonly protocol?: string };
  readonly tls?: { readonly sni?: string; readonly version?: string };
  readonly http?: {
    readonly method?: string;
    readonly scheme?: string;
    readonly host?: string;
    readonly path?: string;
    readonly query?: string;
    readonly version?: string;
    /** By name in any letter case; cookies are read from `cookie`. */
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly dns?: {
    readonly qname?: string;
    readonly qtype?: string;
    readonly qclass?: string;
    readonly transport?: string;
    readonly do?: boolean;
    readonly rd?: boolean;
  };
  readonly smtp?: {
    readonly helo?: string;
    readonly from?: string;
    readonly to?: string;
    readonly auth_user?: string;
    readonly size?: number;
  };
  readonly route?: { readonly name?: string };
  /** Tags that were set before this stage. */
  readonly tags?: readonly string[];
}

/** What really happened, as the ring of recordings keeps it. */
export interface IRecordedFacts extends IFactsInput {
  readonly id: number;
  readonly stage: TStage;
  readonly atMs: number;
  /** The rule that decided it; absent when none did. */
  readonly rule?: string;
  readonly decision: string;
}

/** A part of an expression with the value that it had; `undefined` is left out: absent. */
export interface IExplainedPart {
  /** As it was written. */
  readonly text: string;
  readonly value?: boolean | string | number;
  readonly parts?: readonly IExplainedPart[];
}

export interface IExplainedRule {
  readonly name: string;
  readonly matched: boolean;
  /** Why it was asked or not: `asked`, `other-stage`, `disabled`, `decided-before`. */
  readonly asked: 'asked' | 'other-stage' | 'disabled' | 'decided-before';
  /** Absent for rules that were not asked. */
  readonly when?: IExplainedPart;
}

export interface IExplanation {
  readonly stage: TStage;
  /** In the order of evaluation. */
  readonly rules: readonly IExplainedRule[];
  /** The rule that decided; absent when none did, and things go on as without rules. */
  readonly decidedBy?: string;
  /** `continue`, `allow`, `deny`, `rate-limit`, `redirect`, `route`, `tarpit`. */
  readonly decision: string;
  /** What matching rules did beside: tags, header edits, log lines. */
  readonly effects: readonly { readonly rule: string; readonly effect: string }[];
}

export interface IRuleCounterStats {
  /** As it is written in the rules. */
  readonly name: string;
  /** Keys that are counted now. */
  readonly keys: number;
  /** Keys given up for others because the table was full. */
  readonly evicted: number;
}

export interface IRuleStats {
  readonly rules: number;
  readonly evaluations: Readonly<Record<TStage, number>>;
  readonly hits: readonly { readonly rule: string; readonly action: string; readonly hits: number }[];
  readonly counters: readonly IRuleCounterStats[];
  /** Log lines that were left out because there were too many in one second. */
  readonly logLinesDropped: number;
}

/** Something that is wrong with a rule or list. */
export interface IRuleComplaint {
  /** Below `rules`, as `['rules', 3, 'when']`. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface IRuleEngine {
  /** In the order of evaluation; those that are not enabled at the end. */
  list(): readonly IRuleStatus[];
  /** What is wrong with other rules; nothing is changed. Empty: they can be applied. */
  check(rules: TRulesConfig): readonly IRuleComplaint[];
  /**
   * Says what would be decided, and why. Counts nothing.
   *
   * @param rules to be tried instead of those that run; @throws RuleError when they cannot be used
   */
  test(facts: IFactsInput, rules?: TRulesConfig): IExplanation;
  /** Newest first; empty unless `rules.record` is set. */
  recent(limit?: number): readonly IRecordedFacts[];
  stats(): IRuleStats;
}
