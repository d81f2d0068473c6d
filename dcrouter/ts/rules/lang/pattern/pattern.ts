/**
 * Matches texts against a pattern. The sets of states that occur are remembered with where each character leads, so
 * that a text that looks like those before it costs one table look-up per character.
 *
 * @module
 */
import { ruleLimits } from '../../limits.ts';
import { Automaton, STATE } from './automaton.ts';
import { parsePattern } from './parse.ts';

/** A set of states of the automaton. */
class StateSet {
  readonly members: readonly number[];
  /** The text matches, whatever follows. */
  readonly matches: boolean;
  /** The text matches if it ends here. */
  readonly matchesAtEnd: boolean;
  /** By class of character; null where nobody has gone yet. */
  readonly next: Array<StateSet | null>;

  constructor(members: readonly number[], matches: boolean, matchesAtEnd: boolean, classes: number) {
    this.members = members;
    this.matches = matches;
    this.matchesAtEnd = matchesAtEnd;
    this.next = Array.from({ length: classes }, () => null);
  }
}

const ASCII = 128;

export class Pattern {
  readonly source: string;
  readonly #automaton: Automaton;
  /** First code of each class of characters that the pattern does not tell apart, ascending. */
  readonly #classes: readonly number[];
  readonly #asciiClass = new Uint16Array(ASCII);
  #sets = new Map<string, StateSet>();
  #initial: StateSet;

  /** @throws PatternError */
  constructor(source: string) {
    this.source = source;
    this.#automaton = new Automaton(parsePattern(source));
    const starts = new Set([0]);
    for (const { set } of this.#automaton.states) {
      for (const [low, high] of set) starts.add(low).add(high + 1);
    }
    this.#classes = [...starts].sort((a, b) => a - b);
    for (let code = 0; code < ASCII; code += 1) this.#asciiClass[code] = this.#findClass(code);
    this.#initial = this.#makeSet([this.#automaton.start], true);
  }

  /** Whether the pattern occurs in the text; never in one that is longer than the limit. */
  test(text: string): boolean {
    if (text.length > ruleLimits.subjectChars) return false;
    let set = this.#initial;
    for (let at = 0; at < text.length; at += 1) {
      if (set.matches) return true;
      const code = text.charCodeAt(at);
      const kind = code < ASCII ? this.#asciiClass[code]! : this.#findClass(code);
      set = set.next[kind] ?? this.#advance(set, kind);
    }
    return set.matches || set.matchesAtEnd;
  }

  #findClass(code: number): number {
    let from = 0;
    let to = this.#classes.length - 1;
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if (this.#classes[middle]! <= code) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  #advance(set: StateSet, kind: number): StateSet {
    const code = this.#classes[kind]!;
    const { states, start } = this.#automaton;
    // A match may begin at every place of the text.
    const reached = [start];
    for (const member of set.members) {
      const state = states[member]!;
      if (state.kind === STATE.set && state.set.some(([low, high]) => low <= code && code <= high)) {
        reached.push(state.next);
      }
    }
    const next = this.#makeSet(reached, false);
    set.next[kind] = next;
    return next;
  }

  #makeSet(reached: readonly number[], atStart: boolean): StateSet {
    const members = this.#closure(reached, atStart, false);
    const key = `${atStart ? '^' : ''}${members.join(' ')}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const { states } = this.#automaton;
    const matches = members.some((member) => states[member]!.kind === STATE.match);
    const atEnd = this.#closure(members, atStart, true);
    const matchesAtEnd = atEnd.some((member) => states[member]!.kind === STATE.match);
    const made = new StateSet(members, matches, matchesAtEnd, this.#classes.length);
    // A pattern may have exponentially many sets: forgetting them keeps memory bounded, and each step stays linear.
    if (this.#sets.size >= ruleLimits.patternSets) this.#forget();
    this.#sets.set(key, made);
    return made;
  }

  #forget(): void {
    this.#sets = new Map();
    const { members, matches, matchesAtEnd } = this.#initial;
    this.#initial = new StateSet(members, matches, matchesAtEnd, this.#classes.length);
  }

  /** Everything that is reached without a character: what waits for one, line ends and the match. */
  #closure(from: readonly number[], atStart: boolean, atEnd: boolean): number[] {
    const { states } = this.#automaton;
    const seen = new Set<number>();
    const stack = [...from];
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      const { kind, next, other } = states[at]!;
      if (kind === STATE.split) stack.push(next, other);
      else if ((kind === STATE.begin && atStart) || (kind === STATE.end && atEnd)) stack.push(next);
    }
    return [...seen]
      .filter((at) => states[at]!.kind !== STATE.split && states[at]!.kind !== STATE.begin)
      .sort((a, b) => a - b);
  }
}
