/**
 * The counters that expressions name. Each is counted once per decision, before any rule is asked, so that what it says
 * depends neither on the order of the rules nor on which of them are asked.
 *
 * @module
 */
import type { IRuleClock } from './calendar.ts';
import { WindowCounter } from './counters.ts';
import type { Facts } from './facts.ts';
import type { ICounterPlan } from './lang/calls.ts';
import {
  compileCondition,
  compileRead,
  isPresent,
  type ICompileContext,
  type TCondition,
  type TRead,
} from './lang/compile.ts';
import { RuleError } from './lang/error.ts';
import { partsOf, type TTyped } from './lang/typed.ts';
import { ruleLimits } from './limits.ts';
import type { Rule } from './rule.ts';
import { STAGE_NAMES, STAGE } from './stages.ts';
import type { IRuleCounterStats } from './types.ts';

class Counter {
  readonly plan: ICounterPlan;
  /** Of a counter with a condition one for all stages, otherwise one for each, by its bit. */
  readonly windows: Map<number, WindowCounter>;
  /** Bits of the stages at which a rule asks for it. */
  usedAt = 0;
  key: TRead = () => undefined;
  condition: TCondition | null = null;

  constructor(plan: ICounterPlan, before: Counter | undefined) {
    this.plan = plan;
    this.windows = before?.windows ?? new Map<number, WindowCounter>();
  }

  windowOf(stage: number): WindowCounter {
    const at = this.plan.condition === null ? stage : 0;
    let window = this.windows.get(at);
    if (window === undefined) {
      window = new WindowCounter(this.plan.windowMs);
      this.windows.set(at, window);
    }
    return window;
  }

  /** Bits of the stages at which events are counted. */
  get countedAt(): number {
    return this.plan.condition === null ? this.usedAt : this.plan.condition.stages & this.plan.key.stages;
  }
}

export class CounterTable {
  /** What the closures read: the values of the decision that is being made, by slot. */
  readonly counts = new Float64Array(ruleLimits.counters);
  readonly #clock: IRuleClock;
  readonly #before: CounterTable | null;
  readonly #slots = new Map<string, number>();
  readonly #counters: Counter[] = [];
  /** By the bit of the stage: those that must be counted or looked up. */
  readonly #byStage = new Map<number, Array<{ readonly slot: number; readonly counter: Counter }>>();

  constructor(clock: IRuleClock, before: CounterTable | null) {
    this.#clock = clock;
    this.#before = before;
  }

  /** @throws RuleError when there are too many */
  slotOf(plan: ICounterPlan): number {
    const known = this.#slots.get(plan.name);
    if (known !== undefined) return known;
    if (this.#counters.length >= ruleLimits.counters) {
      throw new RuleError(`there are more than ${ruleLimits.counters} different counters`);
    }
    const slot = this.#counters.length;
    this.#slots.set(plan.name, slot);
    this.#counters.push(new Counter(plan, this.#before?.find(plan.name)));
    return slot;
  }

  find(name: string): Counter | undefined {
    const slot = this.#slots.get(name);
    return slot === undefined ? undefined : this.#counters[slot];
  }

  /** A rule asks for counters at its stages. */
  useBy(rule: Rule): void {
    for (const slot of slotsIn(rule.typed)) this.#counters[slot]!.usedAt |= rule.stages;
  }

  /** Makes the keys and conditions, once it is known where counters are used. */
  prepare(context: ICompileContext): void {
    for (const counter of this.#counters) {
      counter.key = compileRead(counter.plan.key, context);
      const { condition } = counter.plan;
      counter.condition = condition === null ? null : compileCondition(condition, context);
    }
    for (const name of STAGE_NAMES) {
      const bit = STAGE[name];
      const wanted = this.#counters
        .map((counter, slot) => ({ slot, counter }))
        .filter(({ counter }) => counter.usedAt !== 0 && ((counter.usedAt | counter.countedAt) & bit) !== 0);
      if (wanted.length > 0) this.#byStage.set(bit, wanted);
    }
  }

  /** Whether anything is counted at a stage. */
  countsAt(stage: number): boolean {
    return this.#byStage.has(stage);
  }

  /** Counts the event and fills {@link counts}; with `isTest` says what it would be, and counts nothing. */
  count(facts: Facts, isTest = false): void {
    const wanted = this.#byStage.get(facts.stage);
    if (wanted === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    for (let at = 0; at < wanted.length; at += 1) {
      const { slot, counter } = wanted[at]!;
      const key = counter.key(facts);
      if (!isPresent(key)) {
        this.counts[slot] = Number.NaN;
        continue;
      }
      const window = counter.windowOf(facts.stage);
      const { condition } = counter;
      const isCounted = (counter.countedAt & facts.stage) !== 0 && (condition === null || condition(facts));
      if (isCounted && !isTest) this.counts[slot] = window.add(String(key), nowMs);
      else this.counts[slot] = window.peek(String(key), nowMs) + (isCounted ? 1 : 0);
    }
  }

  stats(): IRuleCounterStats[] {
    return this.#counters.map(({ plan, windows }) => ({
      name: plan.text,
      keys: [...windows.values()].reduce((sum, { keys }) => sum + keys, 0),
      evicted: [...windows.values()].reduce((sum, { evicted }) => sum + evicted, 0),
    }));
  }
}

function* slotsIn(typed: TTyped): Generator<number> {
  if (typed.kind === 'counter') yield typed.slot;
  for (const part of partsOf(typed)) yield* slotsIn(part);
}
