/**
 * From the configuration to rules, with everything that is wrong named by its place.
 *
 * @module
 */
import type { TRuleConfig, TRulesConfig } from '../config/schema/rules.ts';
import { ActionError, compileAction, refusalOf } from './action.ts';
import { Calendar, type IRuleClock } from './calendar.ts';
import { CounterTable } from './countertable.ts';
import { checkCondition, type ICheckContext } from './lang/check.ts';
import { compileCondition } from './lang/compile.ts';
import { RuleError } from './lang/error.ts';
import { compileList, ListError, type INamedList } from './lang/lists.ts';
import { parse } from './lang/parse.ts';
import { ruleLimits } from './limits.ts';
import { Rule } from './rule.ts';
import { stagesOf } from './stagesof.ts';
import type { IRuleComplaint } from './types.ts';

/** What of the rules before goes on. */
export interface IBefore {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly counters: CounterTable;
}

export interface ICompiledRules {
  /** Enabled ones, in the order of evaluation. */
  readonly ordered: readonly Rule[];
  readonly disabled: readonly Rule[];
  readonly calendar: Calendar;
  readonly counters: CounterTable;
  readonly tags: ReadonlyMap<string, number>;
}

/** Everything that is wrong with a set of rules. */
export class RulesError extends RuleError {
  readonly complaints: readonly IRuleComplaint[];

  constructor(complaints: readonly IRuleComplaint[]) {
    super(complaints.map(({ path, message }) => `rules.${path.map(String).join('.')}: ${message}`).join('\n'));
    this.complaints = complaints;
  }
}

/** @throws RulesError */
export function compileRules(config: TRulesConfig, clock: IRuleClock, before: IBefore | null): ICompiledRules {
  return new RulesCompiler(config, clock, before).compile();
}

class RulesCompiler implements ICheckContext {
  readonly lists = new Map<string, INamedList>();
  readonly tags = new Map<string, number>();
  readonly #config: TRulesConfig;
  readonly #before: IBefore | null;
  readonly #calendar: Calendar;
  readonly #counters: CounterTable;
  readonly #complaints: IRuleComplaint[] = [];

  constructor(config: TRulesConfig, clock: IRuleClock, before: IBefore | null) {
    this.#config = config;
    this.#before = before;
    this.#calendar = this.#makeCalendar(config.timeZone, clock);
    this.#counters = new CounterTable(clock, before?.counters ?? null);
  }

  compile(): ICompiledRules {
    this.#compileLists();
    this.#findDuplicates();
    const rules = this.#config.rules.flatMap((rule, index) => this.#compileRule(rule, index) ?? []);
    if (this.#complaints.length > 0) throw new RulesError(this.#complaints);
    const enabled = rules.filter((rule) => rule.config.enabled);
    // The sort is stable: among equal priorities the order of the list counts.
    const ordered = enabled.toSorted((a, b) => b.config.priority - a.config.priority);
    for (const rule of ordered) this.#counters.useBy(rule);
    this.#counters.prepare({ calendar: this.#calendar, counts: this.#counters.counts });
    const disabled = rules.filter((rule) => !rule.config.enabled);
    return { ordered, disabled, calendar: this.#calendar, counters: this.#counters, tags: this.tags };
  }

  tagIndex(name: string): number {
    const known = this.tags.get(name);
    if (known !== undefined) return known;
    if (this.tags.size >= ruleLimits.tags) throw new RuleError(`there are more than ${ruleLimits.tags} different tags`);
    this.tags.set(name, this.tags.size);
    return this.tags.size - 1;
  }

  counterSlot(plan: Parameters<ICheckContext['counterSlot']>[0]): number {
    return this.#counters.slotOf(plan);
  }

  #complain(path: readonly PropertyKey[], message: string): void {
    this.#complaints.push({ path, message });
  }

  #makeCalendar(timeZone: string, clock: IRuleClock): Calendar {
    try {
      return new Calendar(timeZone, clock);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#complain(['timeZone'], `got '${timeZone}', expected an IANA name such as 'Europe/Berlin'`);
      return new Calendar('UTC', clock);
    }
  }

  #compileLists(): void {
    for (const [name, entries] of Object.entries(this.#config.lists)) {
      try {
        this.lists.set(name, compileList(entries));
      } catch (error) {
        if (!(error instanceof ListError)) throw error;
        this.#complain(['lists', name, error.index], error.message);
        // What uses it is not wrong as well.
        this.lists.set(name, compileList([]));
      }
    }
  }

  /** Names key the hits: two rules under one name would be counted as one. */
  #findDuplicates(): void {
    const first = new Map<string, number>();
    for (const [index, { name }] of this.#config.rules.entries()) {
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, index);
      else {
        const message = `got '${name}', which rules.rules[${earlier}] already has; rule names must be unique`;
        this.#complain(['rules', index, 'name'], message);
      }
    }
  }

  #compileRule(config: TRuleConfig, index: number): Rule | null {
    let field = 'when';
    try {
      const typed = checkCondition(parse(config.when), this);
      field = 'action';
      const known = this.#before?.rules.get(config.name);
      const before = known !== undefined && isSame(known.config, config) ? known : undefined;
      const values = { calendar: this.#calendar, counts: this.#counters.counts };
      const action = compileAction(config.action, {
        lists: this.lists,
        tagIndex: (name) => this.tagIndex(name),
        counterSlot: (plan) => this.counterSlot(plan),
        ...values,
        counterBefore: before?.action.limit?.counter,
      });
      field = config.stages === undefined ? 'action' : 'stages';
      const stages = stagesOf(config, typed, action.stages);
      const rule = new Rule(config, stages, typed, compileCondition(typed, values), action, refusalOf);
      rule.hits = before?.hits ?? 0;
      return rule;
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      const below = error instanceof ActionError && error.field !== '' ? [field, error.field] : [field];
      this.#complain(['rules', index, ...below], error.message);
      return null;
    }
  }
}

/** Whether a rule does the same; where it stands and what is said about it does not matter. */
export function isSame(a: TRuleConfig, b: TRuleConfig): boolean {
  const essence = ({ when, action, stages }: TRuleConfig): string => JSON.stringify([when, action, stages]);
  return essence(a) === essence(b);
}
