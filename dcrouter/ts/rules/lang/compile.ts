/**
 * From a checked expression to closures, made once. A closure reads facts and gives a value; what is absent is
 * `undefined`, as a number NaN, and no comparison with it holds.
 *
 * @module
 */
import type { Calendar } from '../calendar.ts';
import { cookieOf, type Facts } from '../facts.ts';
import type { IMemberSet, TOrderOperator, TTyped } from './typed.ts';

export type TValue = boolean | string | number | undefined;
export type TRead = (facts: Facts) => TValue;
export type TCondition = (facts: Facts) => boolean;

/** What closures look into beside the facts. */
export interface ICompileContext {
  readonly calendar: Calendar;
  /** The counters of the decision that is being made, by slot; NaN where there is nothing to count by. */
  readonly counts: Float64Array;
}

export function compileCondition(typed: TTyped, context: ICompileContext): TCondition {
  switch (typed.kind) {
    case 'and':
      return all(typed.parts.map((part) => compileCondition(part, context)));
    case 'or':
      return any(typed.parts.map((part) => compileCondition(part, context)));
    case 'not': {
      const of = compileCondition(typed.of, context);
      return (facts) => !of(facts);
    }
    case 'tag': {
      const word = typed.index >>> 5;
      const bit = 1 << (typed.index & 31);
      return (facts) => (facts.tags[word]! & bit) !== 0;
    }
    case 'exists': {
      const of = compileRead(typed.of, context);
      return (facts) => isPresent(of(facts));
    }
    case 'equal':
      return equal(typed.left, typed.right, typed.isNegated, context);
    case 'order':
      return order(typed.operator, compileRead(typed.left, context), compileRead(typed.right, context));
    case 'member':
      return member(typed.left, typed.set, typed.isNegated, context);
    case 'match': {
      const left = compileRead(typed.left, context);
      const { test } = typed;
      return (facts) => {
        const text = left(facts);
        return text !== undefined && test(text as string);
      };
    }
    default: {
      const read = compileRead(typed, context);
      return (facts) => read(facts) === true;
    }
  }
}

export function compileRead(typed: TTyped, context: ICompileContext): TRead {
  const { calendar, counts } = context;
  switch (typed.kind) {
    case 'constant': {
      const { value } = typed;
      return () => value;
    }
    case 'field': {
      const { read } = typed.field;
      return (facts) => read(facts, calendar);
    }
    case 'header': {
      const { name } = typed;
      return (facts) => (facts.message === null ? undefined : facts.message.header(name));
    }
    case 'cookie': {
      const { name } = typed;
      return (facts) => (facts.message === null ? undefined : cookieOf(facts.message.header('cookie'), name));
    }
    case 'counter': {
      const { slot } = typed;
      return () => counts[slot];
    }
    case 'lower': {
      const of = compileRead(typed.of, context);
      return (facts) => (of(facts) as string | undefined)?.toLowerCase();
    }
    case 'len': {
      const of = compileRead(typed.of, context);
      return (facts) => (of(facts) as string | undefined)?.length;
    }
    default:
      return compileCondition(typed, context);
  }
}

export function isPresent(value: TValue): boolean {
  // NaN alone differs from itself.
  return value !== undefined && (typeof value !== 'number' || !Number.isNaN(value));
}

function all(parts: readonly TCondition[]): TCondition {
  const [first, second] = parts;
  if (parts.length === 2) return (facts) => first!(facts) && second!(facts);
  return (facts) => {
    for (let at = 0; at < parts.length; at += 1) if (!parts[at]!(facts)) return false;
    return true;
  };
}

function any(parts: readonly TCondition[]): TCondition {
  const [first, second] = parts;
  if (parts.length === 2) return (facts) => first!(facts) || second!(facts);
  return (facts) => {
    for (let at = 0; at < parts.length; at += 1) if (parts[at]!(facts)) return true;
    return false;
  };
}

function equal(left: TTyped, right: TTyped, isNegated: boolean, context: ICompileContext): TCondition {
  const readLeft = compileRead(left, context);
  if (right.kind === 'constant') {
    const { value } = right;
    if (!isNegated) return (facts) => readLeft(facts) === value;
    return (facts) => {
      const found = readLeft(facts);
      return found !== value && isPresent(found);
    };
  }
  const readRight = compileRead(right, context);
  if (!isNegated) {
    return (facts) => {
      const found = readLeft(facts);
      return found !== undefined && found === readRight(facts);
    };
  }
  return (facts) => {
    const found = readLeft(facts);
    const other = readRight(facts);
    return found !== other && isPresent(found) && isPresent(other);
  };
}

/** Numbers, or days as texts, whose order is that of time. Comparisons with NaN and `undefined` are false. */
function order(operator: TOrderOperator, left: TRead, right: TRead): TCondition {
  switch (operator) {
    case '<':
      return (facts) => left(facts)! < right(facts)!;
    case '<=':
      return (facts) => left(facts)! <= right(facts)!;
    case '>':
      return (facts) => left(facts)! > right(facts)!;
    default:
      return (facts) => left(facts)! >= right(facts)!;
  }
}

function member(left: TTyped, set: IMemberSet, isNegated: boolean, context: ICompileContext): TCondition {
  const { addresses, texts, numbers, suffixes } = set;
  if (addresses !== null) {
    // The client's is the only address there is.
    if (isNegated) return (facts) => facts.hasAddress() && !addresses.hasWords(facts.words);
    return (facts) => facts.hasAddress() && addresses.hasWords(facts.words);
  }
  const read = compileRead(left, context);
  if (left.type === 'number') {
    return (facts) => {
      const value = read(facts) as number;
      return isPresent(value) && numbers.has(value) !== isNegated;
    };
  }
  return (facts) => {
    const value = read(facts) as string | undefined;
    return value !== undefined && (texts.has(value) || isBelow(value, suffixes)) !== isNegated;
  };
}

/** Looks up the rest of the name at each of its dots, so that long lists cost no more than short ones. */
export function isBelow(name: string, suffixes: ReadonlySet<string>): boolean {
  if (suffixes.size === 0) return false;
  for (let at = name.indexOf('.'); at !== -1; at = name.indexOf('.', at + 1)) {
    if (suffixes.has(name.slice(at))) return true;
  }
  return false;
}
