/**
 * A set of rules that is asked: per stage the rules in their order, the look-up of those that may match, and the
 * decision. A set never changes; other rules are another set.
 *
 * @module
 */
import type { TRulesConfig } from '../config/schema/rules.ts';
import { redirected, tooMany } from './action.ts';
import { systemClock, type Calendar, type IRuleClock } from './calendar.ts';
import { Candidates } from './candidates.ts';
import { compileRules, isSame } from './compile.ts';
import type { CounterTable } from './countertable.ts';
import type { Facts } from './facts.ts';
import { keysOf } from './keys.ts';
import { isPresent } from './lang/compile.ts';
import { partsOf, type TTyped } from './lang/typed.ts';
import { Edits, UNDECIDED, type IOutcome } from './outcome.ts';
import { ACT, type Rule } from './rule.ts';
import { ALL_STAGES, STAGE, STAGE_NAMES } from './stages.ts';
import type { TStage } from './types.ts';

/** Takes what rules with the action `log` say. */
export type TRuleLog = (rule: Rule, facts: Facts) => void;

export interface IRuleSetOptions {
  readonly clock?: IRuleClock;
  readonly log?: TRuleLog;
  /** The set before: hits and counts of what is the same go on. */
  readonly before?: RuleSet | null;
  /** False asks every rule of the stage; for tests of the look-up. */
  readonly indexed?: boolean;
}

/** The rules of one stage. */
interface IProgram {
  readonly rules: readonly Rule[];
  readonly candidates: Candidates;
  readonly needsTime: boolean;
  readonly counts: boolean;
}

const BITS = 32;
const LAST_BIT = 31;

export class RuleSet {
  readonly config: TRulesConfig;
  /** Enabled rules in the order of evaluation. */
  readonly ordered: readonly Rule[];
  readonly disabled: readonly Rule[];
  readonly calendar: Calendar;
  readonly counters: CounterTable;
  readonly tags: ReadonlyMap<string, number>;
  readonly #tagNames: readonly string[];
  readonly #clock: IRuleClock;
  readonly #log: TRuleLog;
  readonly #edits = new Edits();
  /** By the bit of the stage. */
  readonly #programs: ReadonlyArray<IProgram | null>;
  /** Decisions by the bit of the stage. */
  readonly #evaluations: Float64Array;

  /** @throws RulesError with everything that is wrong */
  constructor(config: TRulesConfig, options: IRuleSetOptions = {}) {
    const { clock = systemClock, before = null, indexed = true } = options;
    this.config = config;
    this.#clock = clock;
    this.#log = options.log ?? (() => {});
    const { ordered, disabled, calendar, counters, tags } = compileRules(config, clock, before);
    this.ordered = ordered;
    this.disabled = disabled;
    this.calendar = calendar;
    this.counters = counters;
    this.tags = tags;
    this.#tagNames = [...tags.keys()];
    this.#evaluations = before === null ? new Float64Array(ALL_STAGES) : before.#evaluations;
    this.#programs = Array.from({ length: ALL_STAGES }, (_, bit) =>
      STAGE_NAMES.some((name) => STAGE[name] === bit) ? this.#program(bit, indexed) : null,
    );
  }

  /** By name, enabled or not. */
  get rules(): ReadonlyMap<string, Rule> {
    return new Map([...this.ordered, ...this.disabled].map((rule) => [rule.name, rule]));
  }

  /** Is asked again in place of a set that did not last: what that one counted of the same rules stays counted. */
  resumeAfter(other: RuleSet): void {
    const others = other.rules;
    for (const [name, rule] of this.rules) {
      const same = others.get(name);
      if (same !== undefined && isSame(same.config, rule.config)) rule.hits = same.hits;
    }
  }

  /** Whether any rule is asked at a stage, or anything counted. */
  isAskedAt(stage: number): boolean {
    return this.#programs[stage]! !== null;
  }

  evaluations(): Record<TStage, number> {
    const of = (name: TStage): number => this.#evaluations[STAGE[name]]!;
    return { connection: of('connection'), request: of('request'), query: of('query'), mail: of('mail') };
  }

  /** Names of the tags that are set. */
  tagsOf(facts: Facts): string[] {
    return facts.hasTags ? this.#tagNames.filter((_, at) => (facts.tags[at >>> 5]! & (1 << (at & 31))) !== 0) : [];
  }

  /** Decides: asks the rules of the facts' stage in their order until one of them ends it. */
  judge(facts: Facts): IOutcome {
    const program = this.#programs[facts.stage]!;
    if (program === null) return UNDECIDED;
    this.#evaluations[facts.stage]! += 1;
    if (program.needsTime) this.calendar.setTo(facts);
    if (program.counts) this.counters.count(facts);
    const words = program.candidates.find(facts);
    let edits = this.#edits;
    for (let at = 0; at < words.length; at += 1) {
      let word = words[at]!;
      while (word !== 0) {
        const bit = LAST_BIT - Math.clz32(word & -word);
        word &= word - 1;
        const rule = program.rules[at * BITS + bit]!;
        if (!rule.matches(facts)) continue;
        rule.hits += 1;
        if (rule.act === ACT.edit) edits = edits.with(rule, rule.action.edit!);
        else if (rule.act === ACT.tag) facts.setTag(rule.action.tag);
        else {
          const outcome = this.#act(rule, facts, edits);
          if (outcome !== null) return outcome;
        }
      }
    }
    return edits.outcome(null);
  }

  /** What a matching rule does; null: the next one is asked. */
  #act(rule: Rule, facts: Facts, edits: Edits): IOutcome | null {
    switch (rule.act) {
      case ACT.pass:
        return edits.outcome(rule);
      case ACT.refuse:
        return rule.refusal;
      case ACT.redirect:
        return redirected(rule, rule.action.redirect!.render(facts));
      case ACT.rate: {
        const { counter, count, key } = rule.action.limit!;
        const value = key(facts);
        if (!isPresent(value)) return null;
        const waitMs = counter.take(String(value), count, this.#clock.monotonicMs());
        return waitMs === 0 ? null : tooMany(rule, waitMs);
      }
      default:
        this.#log(rule, facts);
        return null;
    }
  }

  #program(bit: number, indexed: boolean): IProgram | null {
    const rules = this.ordered.filter((rule) => (rule.stages & bit) !== 0);
    const counts = this.counters.countsAt(bit);
    if (rules.length === 0 && !counts) return null;
    const candidates = new Candidates(rules.map((rule) => (indexed ? keysOf(rule.typed) : null)));
    // Counters may have conditions with the time in them.
    return { rules, candidates, needsTime: counts || rules.some((rule) => asksForTime(rule)), counts };
  }
}

function asksForTime(rule: Rule): boolean {
  return rule.action.redirect !== null || rule.action.limit !== null || namesTime(rule.typed);
}

function namesTime(typed: TTyped): boolean {
  return (typed.kind === 'field' && typed.name.startsWith('time.')) || partsOf(typed).some(namesTime);
}
