/**
 * Small rules from which the checks of the configuration are built. A rule looks at one value and reports what is wrong
 * with it, never throws, and never changes it.
 *
 * @module
 */
import { types } from 'node:util';
import { routeLimits } from '../limits/route.ts';
import type { TRouteConfigErrorCode } from '../route/error.ts';

/** Reports a fault of the field at a path such as `action.targets[0].port`. */
export type TReport = (code: TRouteConfigErrorCode, field: string, message: string) => void;

export type TRule = (value: unknown, field: string, report: TReport) => void;

/** Rules of an object's members; a member whose rule is marked by {@link required} must be there. */
export type TShape = Readonly<Record<string, TRule | { readonly required: TRule }>>;

export function required(rule: TRule): { readonly required: TRule } {
  return { required: rule };
}

/**
 * An object with these members and no others.
 *
 * @param elsewhere members that other versions have: what to do instead, by name
 */
export function object(shape: TShape | (() => TShape), elsewhere: Readonly<Record<string, string>> = {}): TRule {
  return (value, field, report) => {
    if (!isRecord(value)) return report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected an object`);
    const members = typeof shape === 'function' ? shape() : shape;
    const at = (key: string) => (field === '' ? key : `${field}.${key}`);
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(elsewhere, key)) report('ROUTE_UNSUPPORTED', at(key), elsewhere[key]!);
      else if (!Object.hasOwn(members, key)) {
        report('ROUTE_UNKNOWN_FIELD', at(key), `is no known field; ${suggest(key, Object.keys(members))}`);
      }
    }
    for (const [key, rule] of Object.entries(members)) {
      const member = value[key];
      if (member !== undefined) (typeof rule === 'function' ? rule : rule.required)(member, at(key), report);
      else if (typeof rule !== 'function') report('ROUTE_MISSING', at(key), 'is missing');
    }
  };
}

/** Members of any name, each of which fits the rule. */
export function record(rule: TRule, key?: TRule): TRule {
  return (value, field, report) => {
    if (!isRecord(value)) return report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected an object`);
    for (const [name, member] of Object.entries(value)) {
      key?.(name, `${field}[${showValue(name)}]`, report);
      rule(member, `${field}.${name}`, report);
    }
  };
}

export function list(rule: TRule, min: number, max: number): TRule {
  return (value, field, report) => {
    if (!Array.isArray(value)) return report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected a list`);
    if (value.length < min) return report('ROUTE_OUT_OF_RANGE', field, `is empty; expected at least ${min} entry`);
    if (value.length > max) {
      return report('ROUTE_TOO_MANY', field, `has ${value.length} entries; at most ${max} are allowed`);
    }
    for (const [i, item] of value.entries()) rule(item, `${field}[${i}]`, report);
  };
}

/** One value or a list of them. */
export function oneOrMore(rule: TRule, max: number): TRule {
  const many = list(rule, 1, max);
  return (value, field, report) => (Array.isArray(value) ? many(value, field, report) : rule(value, field, report));
}

export const boolean: TRule = (value, field, report) => {
  if (typeof value !== 'boolean') report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected true or false`);
};

export const func: TRule = (value, field, report) => {
  if (typeof value !== 'function') report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected a function`);
};

/** Whatever it is. */
export const anything: TRule = () => undefined;

export function text(max: number, min = 1): TRule {
  return (value, field, report) => {
    if (typeof value !== 'string') {
      return report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected a text`);
    }
    if (value.length < min) report('ROUTE_BAD_VALUE', field, 'is empty; expected a text');
    if (value.length > max)
      report('ROUTE_OUT_OF_RANGE', field, `has ${value.length} characters; at most ${max} are allowed`);
  };
}

export function integer(min: number, max: number, unit = ''): TRule {
  const range = `a whole number from ${min} to ${max}${unit && ` (${unit})`}`;
  return (value, field, report) => {
    if (typeof value !== 'number') return report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected ${range}`);
    if (!Number.isInteger(value) || value < min || value > max) {
      report('ROUTE_OUT_OF_RANGE', field, `is ${showValue(value)}; expected ${range}`);
    }
  };
}

export function oneOf(...values: readonly unknown[]): TRule {
  const shown = values.map((value) => showValue(value)).join(', ');
  return (value, field, report) => {
    if (!values.includes(value)) report('ROUTE_BAD_VALUE', field, `is ${showValue(value)}; expected one of ${shown}`);
  };
}

/** Text that `parse` understands; `expected` says what that is. */
export function parsed(parse: (value: string) => unknown, expected: string): TRule {
  return (value, field, report) => {
    if (typeof value !== 'string') {
      return report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected ${expected}`);
    }
    const result = parse(value);
    if (result === null || result === false) {
      report('ROUTE_BAD_VALUE', field, `is ${showValue(value)}; expected ${expected}`);
    }
  };
}

/** The rule that the kind of value calls for; `expected` is for values that no test covers. */
export function either(
  expected: string,
  ...cases: ReadonlyArray<readonly [(value: unknown) => boolean, TRule]>
): TRule {
  return (value, field, report) => {
    const found = cases.find(([test]) => test(value));
    if (found) found[1](value, field, report);
    else report('ROUTE_BAD_TYPE', field, `is ${showValue(value)}; expected ${expected}`);
  };
}

/** Every rule. */
export function all(...rules: readonly TRule[]): TRule {
  return (value, field, report) => {
    for (const rule of rules) rule(value, field, report);
  };
}

/** By what it is, not by its prototype, which a configuration object could claim. */
export const isRegExp = (value: unknown): value is RegExp => types.isRegExp(value);
export const isString = (value: unknown): boolean => typeof value === 'string';
export const isNumber = (value: unknown): boolean => typeof value === 'number';
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isList = (value: unknown): boolean => Array.isArray(value);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRegExp(value);
}

/** A value as an error message repeats it: short, on one line. */
export function showValue(value: unknown): string {
  let shown: string;
  try {
    if (typeof value === 'function') shown = 'a function';
    else if (isRegExp(value) || typeof value === 'bigint' || typeof value === 'symbol') shown = String(value);
    else shown = JSON.stringify(value) ?? String(value);
  } catch {
    // Cyclic, or without the methods that would make a text of it.
    shown = 'an object';
  }
  return shown.length > routeLimits.messageValueCharsMax
    ? `${shown.slice(0, routeLimits.messageValueCharsMax)}…`
    : shown;
}

/** Names the known field that was probably meant, or all of them. */
function suggest(name: string, known: readonly string[]): string {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === undefined ? `known are ${known.join(', ')}` : `did you mean ${best}?`;
}

/** Levenshtein distance; what is longer than `max` apart is `max`. */
function editDistance(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) >= max) return max;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + change));
    }
    previous = current;
  }
  return Math.min(max, previous[b.length]!);
}
