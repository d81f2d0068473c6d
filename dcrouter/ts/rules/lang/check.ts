/**
 * Names, types and stages: from the tree as written to one that can be compiled.
 *
 * What is absent never matches: every comparison of it is false, `!=` and `not in` too. A part is asked only at stages
 * at which all of it can be known; alternatives under `or` may be of different stages.
 *
 * @module
 */
import { parseIpPattern } from '@dcrouter/smartproxy';
import { nearestName } from '../../config/suggest.ts';
import { ALL_STAGES, stageNames } from '../stages.ts';
import type { IPlace, TNode, TOperator } from './ast.ts';
import { checkCall, type ICounterPlan } from './calls.ts';
import { RuleError } from './error.ts';
import { FIELDS, FUNCTIONS, type TType } from './fields.ts';
import { nodeWord, textLiteral, typeWord } from './literals.ts';
import { addressSet, numberSet, textSet, type INamedList } from './lists.ts';
import { matcher } from './matchers.ts';
import { PatternError } from './pattern/parse.ts';
import { formOf, partsOf, type IMemberSet, type TMatchOperator, type TOrderOperator, type TTyped } from './typed.ts';

/** What expressions share within a set of rules. */
export interface ICheckContext {
  readonly lists: ReadonlyMap<string, INamedList>;
  /** The number of a tag. @throws RuleError when there are too many */
  tagIndex(name: string): number;
  /** The number of a counter. @throws RuleError when there are too many */
  counterSlot(plan: ICounterPlan): number;
}

/** @throws RuleError */
export function check(node: TNode, context: ICheckContext): TTyped {
  return new Checker(context).typed(node);
}

/** The same for an expression that must be true or false. @throws RuleError */
export function checkCondition(node: TNode, context: ICheckContext): TTyped {
  return new Checker(context).condition(node);
}

export class Checker {
  readonly context: ICheckContext;

  constructor(context: ICheckContext) {
    this.context = context;
  }

  condition(node: TNode): TTyped {
    const typed = this.typed(node);
    if (typed.type === 'boolean') return typed;
    throw new RuleError(
      `${nodeWord(node)} is ${typeWord(typed.type)}, expected a condition; compare it with something`,
      node.start,
    );
  }

  typed(node: TNode): TTyped {
    const { start, end } = node;
    const place: IPlace = { start, end };
    switch (node.kind) {
      case 'text':
        return { ...place, kind: 'constant', type: 'text', stages: ALL_STAGES, value: node.value };
      case 'number':
        return { ...place, kind: 'constant', type: 'number', stages: ALL_STAGES, value: node.value };
      case 'boolean':
        return { ...place, kind: 'constant', type: 'boolean', stages: ALL_STAGES, value: node.value };
      case 'duration':
        throw new RuleError('a time stands only inside rate(…) and count(…); compare with a number', start);
      case 'address':
        return { ...place, kind: 'constant', type: 'address', stages: ALL_STAGES, value: this.#address(node).text };
      case 'list':
      case 'named-list':
        throw new RuleError(`${nodeWord(node)} stands only behind in`, start);
      case 'name':
        return this.#field(node);
      case 'call':
        return checkCall(this, node);
      case 'not':
        return this.#not(this.condition(node.of), place);
      case 'and':
      case 'or':
        return this.#joined(node);
      default:
        return this.#compare(node);
    }
  }

  #not(of: TTyped, place: IPlace): TTyped {
    return { ...place, kind: 'not', type: 'boolean', stages: of.stages, of };
  }

  #field(node: TNode & { kind: 'name' }): TTyped {
    const { name, start, end } = node;
    const field = FIELDS[name];
    if (field !== undefined) return { start, end, kind: 'field', type: field.type, stages: field.stages, name, field };
    const call = FUNCTIONS[name];
    if (call !== undefined) throw new RuleError(`${name} is asked as ${call.signature}`, start);
    const near = nearestName(name, [...Object.keys(FIELDS), ...Object.keys(FUNCTIONS)]);
    const inFamily = Object.keys(FIELDS).filter((known) => known.startsWith(`${name.split('.')[0]}.`));
    const hint =
      near !== undefined
        ? `did you mean ${near}?`
        : inFamily.length > 0
          ? `known are ${inFamily.join(', ')}`
          : `a text stands in quotes: "${name}"`;
    throw new RuleError(`'${name}' is no field; ${hint}`, start);
  }

  #joined(node: TNode & { kind: 'and' | 'or' }): TTyped {
    const parts = node.parts.map((part) => this.condition(part));
    const { kind, start, end } = node;
    const stages = kind === 'or' ? parts.reduce((bits, part) => bits | part.stages, 0) : this.shared(parts, node.start);
    return { start, end, kind, type: 'boolean', stages, parts };
  }

  /** The stages at which all the parts can be known. @throws RuleError when there is none */
  shared(parts: readonly TTyped[], at: number): number {
    const stages = parts.reduce((bits, part) => bits & part.stages, ALL_STAGES);
    if (stages !== 0) return stages;
    const named = new Map<string, string>();
    for (const part of parts) collectNames(part, named);
    const list = [...named].map(([name, of]) => `${name} (${of})`).join(' and ');
    throw new RuleError(`${list} are never known together; part them with or, or write two rules`, at);
  }

  #compare(node: TNode & { kind: 'compare' }): TTyped {
    const { operator } = node;
    switch (operator) {
      case '==':
      case '!=':
        return this.#equal(node);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#order(node, operator);
      case 'in':
      case 'not in':
        return this.#member(node);
      default:
        return this.#match(node, operator);
    }
  }

  #equal(node: TNode & { kind: 'compare' }): TTyped {
    const { start, end } = node;
    const isNegated = node.operator === '!=';
    // A literal on the left is meant as it would be on the right.
    const isTurned = isLiteral(node.left) && !isLiteral(node.right);
    const [first, second] = isTurned ? [node.right, node.left] : [node.left, node.right];
    const left = this.typed(first);
    if (second.kind === 'address') {
      this.#expect(left, 'address', first);
      if (left.kind !== 'field') throw new RuleError('only client.ip is compared with addresses', first.start);
      const { text, range } = this.#address(second);
      if (text.includes('/'))
        throw new RuleError(`${text} is a network; write in instead of ${node.operator}`, second.start);
      const set = addressSet([text], [range]);
      return { start, end, kind: 'member', type: 'boolean', stages: left.stages, left, set, isNegated };
    }
    const right = this.#beside(left, second);
    const stages = this.shared([left, right], start);
    return { start, end, kind: 'equal', type: 'boolean', stages, left, right, isNegated };
  }

  #order(node: TNode & { kind: 'compare' }, operator: TOrderOperator): TTyped {
    const { start, end } = node;
    const isTurned = isLiteral(node.left) && !isLiteral(node.right);
    const [first, second] = isTurned ? [node.right, node.left] : [node.left, node.right];
    const left = this.typed(first);
    if (left.type !== 'number' && left.type !== 'date') {
      throw new RuleError(
        `${operator} compares numbers and days, but ${nodeWord(first)} is ${typeWord(left.type)}`,
        first.start,
      );
    }
    const right = this.#beside(left, second);
    const stages = this.shared([left, right], start);
    return {
      start,
      end,
      kind: 'order',
      type: 'boolean',
      stages,
      operator: isTurned ? TURNED[operator] : operator,
      left,
      right,
    };
  }

  /** The second operand of a comparison, of the first one's type. */
  #beside(left: TTyped, node: TNode): TTyped {
    if (node.kind === 'text' && (left.type === 'text' || left.type === 'date')) {
      const value = textLiteral(node, left.type, formOf(left));
      return { start: node.start, end: node.end, kind: 'constant', type: left.type, stages: ALL_STAGES, value };
    }
    if (node.kind === 'text' && left.type === 'address') {
      throw new RuleError(`an address stands without quotes: ${node.value}`, node.start);
    }
    const right = this.typed(node);
    this.#expect(right, left.type, node);
    return right;
  }

  #expect(typed: TTyped, type: TType, node: TNode): void {
    if (typed.type === type) return;
    throw new RuleError(`${nodeWord(node)} is ${typeWord(typed.type)}, expected ${typeWord(type)}`, node.start);
  }

  #member(node: TNode & { kind: 'compare' }): TTyped {
    const { start, end } = node;
    const left = this.typed(node.left);
    if (left.type === 'address' && left.kind !== 'field') {
      throw new RuleError('only client.ip is looked for among addresses', node.left.start);
    }
    const set = this.#set(left, node.right);
    const isNegated = node.operator === 'not in';
    return { start, end, kind: 'member', type: 'boolean', stages: left.stages, left, set, isNegated };
  }

  #set(left: TTyped, node: TNode): IMemberSet {
    if (node.kind === 'named-list') return this.#namedSet(left, node);
    if (node.kind === 'address') {
      this.#expect(left, 'address', node);
      const { text, range } = this.#address(node);
      return addressSet([text], [range]);
    }
    if (node.kind !== 'list') {
      throw new RuleError(
        `got ${nodeWord(node)} behind in, expected a network, a list such as [1, 2] or @name`,
        node.start,
      );
    }
    if (node.items.length === 0) throw new RuleError('the list is empty: nothing is in it', node.start);
    return this.#literalSet(left, node.items);
  }

  #namedSet(left: TTyped, node: TNode & { kind: 'named-list' }): IMemberSet {
    const list = this.context.lists.get(node.name);
    if (list === undefined) {
      const known = [...this.context.lists.keys()];
      const near = nearestName(node.name, known);
      const hint = near !== undefined ? `did you mean @${near}?` : `rules.lists has ${known.join(', ') || 'no list'}`;
      throw new RuleError(`there is no list @${node.name}; ${hint}`, node.start);
    }
    const type = list.kind === 'addresses' ? 'address' : 'text';
    if (left.type !== type) {
      throw new RuleError(`@${node.name} holds ${list.kind}, but ${typeWord(left.type)} is looked for`, node.start);
    }
    return list.set;
  }

  #literalSet(left: TTyped, items: readonly TNode[]): IMemberSet {
    if (left.type === 'address') {
      const members = items.map((item) => this.#address(item));
      return addressSet(
        members.map(({ text }) => text),
        members.map(({ range }) => range),
      );
    }
    if (left.type === 'boolean') throw new RuleError('in looks for texts, numbers and addresses', left.start);
    const constants = items.map((item) => this.#beside(left, item));
    const variable = constants.findIndex(({ kind }) => kind !== 'constant');
    if (variable !== -1) throw new RuleError('a list holds values, no fields', items[variable]!.start);
    const values = constants.map((constant) => (constant.kind === 'constant' ? constant.value : ''));
    return left.type === 'number' ? numberSet(values.map(Number)) : textSet(values.map(String));
  }

  #address(node: TNode): { text: string; range: NonNullable<ReturnType<typeof parseIpPattern>> } {
    if (node.kind === 'text') throw new RuleError(`an address stands without quotes: ${node.value}`, node.start);
    if (node.kind !== 'address')
      throw new RuleError(`got ${nodeWord(node)}, expected an address or network`, node.start);
    const range = parseIpPattern(node.text);
    if (range === null) throw new RuleError(`'${node.text}' is no address or network`, node.start);
    return { text: node.text, range };
  }

  #match(node: TNode & { kind: 'compare' }, operator: TOperator & TMatchOperator): TTyped {
    const { start, end } = node;
    const left = this.typed(node.left);
    this.#expect(left, 'text', node.left);
    const { right } = node;
    if (right.kind !== 'text') {
      throw new RuleError(`got ${nodeWord(right)} behind ${operator}, expected a text in quotes`, right.start);
    }
    const form = formOf(left);
    if (operator === 'under' && form !== 'host' && form !== 'path') {
      throw new RuleError(`under compares host names and paths; use starts_with or ends_with here`, start);
    }
    const isName = form === 'host' || form === 'mailbox';
    const pattern =
      operator === 'under'
        ? textLiteral(right, 'text', form)
        : isName && operator !== 'matches'
          ? right.value.toLowerCase()
          : right.value;
    try {
      const test = matcher(operator, pattern, form);
      return { start, end, kind: 'match', type: 'boolean', stages: left.stages, operator, left, pattern, test };
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      throw new RuleError(
        `the regular expression '${pattern}' cannot be used: ${error.message}`,
        right.start + 1 + error.at,
      );
    }
  }
}

/** `5 < x` is `x > 5`. */
const TURNED: Readonly<Record<TOrderOperator, TOrderOperator>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function isLiteral({ kind }: TNode): boolean {
  return kind === 'text' || kind === 'number' || kind === 'address' || kind === 'boolean';
}

function collectNames(typed: TTyped, names: Map<string, string>): void {
  const stages = (): string => stageNames(typed.stages).join(', ');
  if (typed.kind === 'field' && typed.stages !== ALL_STAGES) names.set(typed.name, stages());
  if (typed.kind === 'header' || typed.kind === 'cookie') names.set(`http.${typed.kind}`, stages());
  for (const part of partsOf(typed)) collectNames(part, names);
}
