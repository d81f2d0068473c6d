/**
 * Why: asks every rule again, part by part, and says what each part was. Counts nothing and changes nothing.
 *
 * @module
 */
import type { Facts } from './facts.ts';
import { compileRead, isPresent, type ICompileContext } from './lang/compile.ts';
import { partsOf, type TTyped } from './lang/typed.ts';
import type { TDecision } from './outcome.ts';
import { ACT, type Rule } from './rule.ts';
import type { RuleSet } from './ruleset.ts';
import { STAGE, STAGE_NAMES } from './stages.ts';
import type { IExplainedPart, IExplainedRule, IExplanation } from './types.ts';

export function explain(set: RuleSet, facts: Facts, nowMs: number): IExplanation {
  return new Explainer(set, facts, nowMs).explain();
}

class Explainer {
  readonly #set: RuleSet;
  readonly #facts: Facts;
  readonly #nowMs: number;
  readonly #context: ICompileContext;
  readonly #effects: Array<{ rule: string; effect: string }> = [];
  #decidedBy: Rule | null = null;
  #decision: TDecision = 'continue';

  constructor(set: RuleSet, facts: Facts, nowMs: number) {
    this.#set = set;
    this.#facts = facts;
    this.#nowMs = nowMs;
    this.#context = { calendar: set.calendar, counts: set.counters.counts };
  }

  explain(): IExplanation {
    const { ordered, disabled, calendar, counters } = this.#set;
    calendar.setTo(this.#facts);
    counters.count(this.#facts, true);
    const rules = ordered.map((rule) => this.#ask(rule));
    for (const { name } of disabled) rules.push({ name, matched: false, asked: 'disabled' });
    return {
      stage: STAGE_NAMES.find((name) => STAGE[name] === this.#facts.stage)!,
      rules,
      ...(this.#decidedBy !== null && { decidedBy: this.#decidedBy.name }),
      decision: this.#decision,
      effects: this.#effects,
    };
  }

  #ask(rule: Rule): IExplainedRule {
    const { name } = rule;
    if ((rule.stages & this.#facts.stage) === 0) return { name, matched: false, asked: 'other-stage' };
    if (this.#decidedBy !== null) return { name, matched: false, asked: 'decided-before' };
    const matched = rule.matches(this.#facts);
    const when = this.#part(rule.typed, rule.config.when);
    if (matched) this.#act(rule);
    return { name, matched, asked: 'asked', when };
  }

  #act(rule: Rule): void {
    const { action } = rule.config;
    const effect = (text: string): void => void this.#effects.push({ rule: rule.name, effect: text });
    switch (rule.act) {
      case ACT.tag:
        this.#facts.setTag(rule.action.tag);
        if (action.type === 'tag') effect(`tag ${action.tag}`);
        return;
      case ACT.edit: {
        const { message, edit } = rule.action.edit!;
        effect(`${edit.kind} ${message} header ${edit.name}${edit.value === undefined ? '' : `: ${edit.value}`}`);
        return;
      }
      case ACT.log:
        effect('log');
        return;
      case ACT.rate: {
        const { counter, count, key } = rule.action.limit!;
        const value = key(this.#facts);
        const counted = isPresent(value) ? counter.peek(String(value), this.#nowMs) : 0;
        effect(`${counted} of ${count} within the window`);
        if (isPresent(value) && counted >= count) this.#decide(rule, 'rate-limit');
        return;
      }
      case ACT.redirect:
        effect(`to ${rule.action.redirect!.render(this.#facts)}`);
        this.#decide(rule, 'redirect');
        return;
      default:
        this.#decide(rule, action.type as TDecision);
    }
  }

  #decide(rule: Rule, decision: TDecision): void {
    this.#decidedBy = rule;
    this.#decision = decision;
  }

  /** A part with its value and those of the parts that it is made of. */
  #part(typed: TTyped, source: string): IExplainedPart {
    const value = compileRead(typed, this.#context)(this.#facts);
    const parts = partsOf(typed)
      .filter((part) => part.kind !== 'constant')
      .map((part) => this.#part(part, source));
    return {
      text: source.slice(typed.start, typed.end),
      ...(isPresent(value) && { value }),
      ...(parts.length > 0 && { parts }),
    };
  }
}
