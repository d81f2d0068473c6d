/**
 * Functions of the language: what they take, and what they become.
 *
 * @module
 */
import { nearestName } from '../../config/suggest.ts';
import { ruleLimits } from '../limits.ts';
import { ALL_STAGES, STAGE } from '../stages.ts';
import type { TNode } from './ast.ts';
import type { Checker } from './check.ts';
import { RuleError } from './error.ts';
import { FIELDS, FUNCTIONS } from './fields.ts';
import { nodeWord, typeWord } from './literals.ts';
import { parseDuration } from './tokens.ts';
import { partsOf, type TTyped } from './typed.ts';

/** What is to be counted. */
export interface ICounterPlan {
  /** The same for the same counter, however it is spaced. */
  readonly name: string;
  readonly key: TTyped;
  /** Null: every event counts, at each stage apart. */
  readonly condition: TTyped | null;
  readonly windowMs: number;
  /** As it was written first. */
  readonly text: string;
}

type TCall = TNode & { kind: 'call' };

/** @throws RuleError */
export function checkCall(checker: Checker, node: TCall): TTyped {
  const { name, args, start, end } = node;
  switch (name) {
    case 'http.header':
    case 'http.cookie': {
      expectArguments(node, 1);
      const isHeader = name === 'http.header';
      const text = literalText(args[0]!, isHeader ? 'the name of a header' : 'the name of a cookie');
      const kind = isHeader ? 'header' : 'cookie';
      return { start, end, kind, type: 'text', stages: STAGE.request, name: isHeader ? text.toLowerCase() : text };
    }
    case 'tag': {
      expectArguments(node, 1);
      const tag = literalText(args[0]!, 'the name of a tag');
      const index = checker.context.tagIndex(tag);
      return { start, end, kind: 'tag', type: 'boolean', stages: ALL_STAGES, name: tag, index };
    }
    case 'lower':
    case 'len': {
      expectArguments(node, 1);
      const of = checker.typed(args[0]!);
      if (of.type !== 'text') throw wrongType(args[0]!, of, 'a text');
      return { start, end, kind: name, type: name === 'len' ? 'number' : 'text', stages: of.stages, of };
    }
    case 'exists': {
      expectArguments(node, 1);
      const of = checker.typed(args[0]!);
      return { start, end, kind: 'exists', type: 'boolean', stages: of.stages, of };
    }
    case 'client.rate':
      expectArguments(node, 1);
      return counter(checker, node, { kind: 'name', name: 'client.ip', start, end }, null, args[0]!);
    case 'rate':
      expectArguments(node, 2);
      return counter(checker, node, args[0]!, null, args[1]!);
    case 'count':
      expectArguments(node, 3);
      return counter(checker, node, args[1]!, checker.condition(args[0]!), args[2]!);
    default:
      throw unknownCall(name, start);
  }
}

function unknownCall(name: string, start: number): RuleError {
  if (FIELDS[name] !== undefined) return new RuleError(`${name} is a field and takes no arguments`, start);
  const near = nearestName(name, Object.keys(FUNCTIONS));
  const known = Object.values(FUNCTIONS).map(({ signature }) => signature);
  return new RuleError(
    `'${name}' is no function; ${near === undefined ? `known are ${known.join(', ')}` : `did you mean ${FUNCTIONS[near]!.signature}?`}`,
    start,
  );
}

function expectArguments(node: TCall, count: number): void {
  if (node.args.length === count) return;
  const { signature } = FUNCTIONS[node.name]!;
  throw new RuleError(`got ${node.args.length} arguments, expected ${signature}`, node.start);
}

function literalText(node: TNode, what: string): string {
  if (node.kind === 'text' && node.value !== '') return node.value;
  throw new RuleError(`got ${nodeWord(node)}, expected ${what} in quotes`, node.start);
}

function wrongType(node: TNode, typed: TTyped, expected: string): RuleError {
  return new RuleError(`${nodeWord(node)} is ${typeWord(typed.type)}, expected ${expected}`, node.start);
}

function counter(checker: Checker, node: TCall, keyNode: TNode, condition: TTyped | null, window: TNode): TTyped {
  const { start, end } = node;
  const key = checker.typed(keyNode);
  if (key.type === 'boolean') throw wrongType(keyNode, key, 'a text, number or address to count by');
  if (hasCounter(key) || (condition !== null && hasCounter(condition))) {
    throw new RuleError('counters cannot count by other counters', start);
  }
  if (condition !== null) checker.shared([condition, key], start);
  const windowMs = duration(window);
  const name = JSON.stringify([shape(key), condition === null ? null : shape(condition), windowMs]);
  const slot = checker.context.counterSlot({ name, key, condition, windowMs, text: writtenAs(node) });
  return { start, end, kind: 'counter', type: 'number', stages: key.stages, slot };
}

function writtenAs(node: TCall): string {
  return `${node.name}(${node.args.map(nodeWord).join(', ')})`;
}

function duration(node: TNode): number {
  const ms = node.kind === 'duration' ? node.value : node.kind === 'text' ? parseDuration(node.value) : undefined;
  if (ms === undefined) throw new RuleError(`got ${nodeWord(node)}, expected a time such as "10s"`, node.start);
  if (ms < 1 || ms > ruleLimits.windowMs) {
    throw new RuleError(`a window is 1 ms to ${ruleLimits.windowMs / 3_600_000} h long`, node.start);
  }
  return ms;
}

function hasCounter(typed: TTyped): boolean {
  return typed.kind === 'counter' || partsOf(typed).some(hasCounter);
}

function isTyped(value: unknown): value is TTyped {
  return typeof value === 'object' && value !== null && 'kind' in value && 'stages' in value;
}

/** An expression without its places: equal ones count together. */
function shape(typed: TTyped): unknown {
  switch (typed.kind) {
    case 'field':
      return typed.name;
    case 'member': {
      const { texts, numbers, suffixes, networks } = typed.set;
      return ['in', shape(typed.left), typed.isNegated, [...texts], [...numbers], [...suffixes], networks];
    }
    default: {
      const entries = Object.entries(typed).filter(([name]) => name !== 'start' && name !== 'end');
      return entries.map(([name, value]) => [name, shapeOfValue(value)]);
    }
  }
}

function shapeOfValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOfValue);
  return isTyped(value) ? shape(value) : value;
}
