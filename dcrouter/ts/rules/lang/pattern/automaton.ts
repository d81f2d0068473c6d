/**
 * A pattern as an automaton with many states at once (Thompson): each character is looked at once, whatever the
 * pattern.
 *
 * @module
 */
import { ruleLimits } from '../../limits.ts';
import { PatternError, type TPart } from './parse.ts';
import type { TCodeSet } from './sets.ts';

export const STATE = { set: 0, split: 1, begin: 2, end: 3, match: 4 } as const;

export interface IState {
  readonly kind: number;
  readonly set: TCodeSet;
  next: number;
  /** Of a split the second way, otherwise -1. */
  other: number;
}

const NO_SET: TCodeSet = [];

export class Automaton {
  readonly states: IState[] = [];
  readonly start: number;

  /** @throws PatternError when there would be too many states */
  constructor(pattern: TPart) {
    const match = this.#add(STATE.match, NO_SET, -1, -1);
    this.start = this.#build(pattern, match);
  }

  #add(kind: number, set: TCodeSet, next: number, other: number): number {
    if (this.states.length >= ruleLimits.patternStates) {
      throw new PatternError('the pattern is too big once its repeats are written out', 0);
    }
    this.states.push({ kind, set, next, other });
    return this.states.length - 1;
  }

  /** Adds the states of a part that go on to `next`, and gives the first of them. */
  #build(part: TPart, next: number): number {
    switch (part.kind) {
      case 'set':
        return this.#add(STATE.set, part.set, next, -1);
      case 'begin':
        return this.#add(STATE.begin, NO_SET, next, -1);
      case 'end':
        return this.#add(STATE.end, NO_SET, next, -1);
      case 'sequence':
        return part.parts.reduceRight((to, inner) => this.#build(inner, to), next);
      case 'choice':
        return part.parts
          .map((inner) => this.#build(inner, next))
          .reduceRight((other, first) => this.#add(STATE.split, NO_SET, first, other));
      default:
        return this.#repeat(part, next);
    }
  }

  #repeat({ part, min, max }: Extract<TPart, { kind: 'repeat' }>, next: number): number {
    let to = next;
    if (max === Infinity) {
      const loop = this.#add(STATE.split, NO_SET, -1, next);
      this.states[loop]!.next = this.#build(part, loop);
      to = loop;
    } else {
      for (let turn = min; turn < max; turn += 1) to = this.#add(STATE.split, NO_SET, this.#build(part, to), next);
    }
    for (let turn = 0; turn < min; turn += 1) to = this.#build(part, to);
    return to;
  }
}
