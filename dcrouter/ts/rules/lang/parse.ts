/**
 * From words to a tree: `or` binds weakest, then `and`, then `not`, then comparisons, which do not chain.
 *
 * @module
 */
import { nearestName } from '../../config/suggest.ts';
import { ruleLimits } from '../limits.ts';
import type { TNode, TOperator } from './ast.ts';
import { RuleError } from './error.ts';
import { tokenize, type IToken } from './tokens.ts';

const SIGNS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const WORDS: ReadonlySet<string> = new Set(['in', 'like', 'under', 'matches', 'starts_with', 'ends_with', 'contains']);
const RESERVED: ReadonlySet<string> = new Set([...WORDS, 'and', 'or', 'not', 'true', 'false']);

/** @throws RuleError naming what stands where it cannot */
export function parse(source: string): TNode {
  if (source.length > ruleLimits.expressionChars) {
    throw new RuleError(`the expression has ${source.length} characters; at most ${ruleLimits.expressionChars} may be`);
  }
  return new Parser(tokenize(source)).whole();
}

class Parser {
  readonly #tokens: readonly IToken[];
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: readonly IToken[]) {
    this.#tokens = tokens;
  }

  whole(): TNode {
    if (this.#isEnd()) throw new RuleError('the expression is empty', 0);
    const node = this.#or();
    if (!this.#isEnd()) throw this.#unexpected('and, or or the end of the expression');
    return node;
  }

  get #next(): IToken {
    return this.#tokens[this.#at]!;
  }

  #isEnd(): boolean {
    return this.#next.kind === 'end';
  }

  #isWord(...words: readonly string[]): boolean {
    const { kind, text } = this.#next;
    return (kind === 'name' || kind === 'symbol') && words.includes(text);
  }

  #take(): IToken {
    const token = this.#next;
    this.#at += 1;
    return token;
  }

  #made<T extends TNode>(node: T): T {
    this.#nodes += 1;
    if (this.#nodes > ruleLimits.nodes) {
      throw new RuleError(`the expression has more than ${ruleLimits.nodes} parts; put values into a list`, node.start);
    }
    return node;
  }

  #deeper<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > ruleLimits.depth) {
      throw new RuleError(`more than ${ruleLimits.depth} levels stand inside one another`, this.#next.start);
    }
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #or(): TNode {
    return this.#joined('or', ['or', '||'], () => this.#and());
  }

  #and(): TNode {
    return this.#joined('and', ['and', '&&'], () => this.#not());
  }

  #joined(kind: 'and' | 'or', words: readonly string[], read: () => TNode): TNode {
    const first = read();
    if (!this.#isWord(...words)) return first;
    const parts = [first];
    while (this.#isWord(...words)) {
      this.#take();
      parts.push(read());
    }
    return this.#made({ kind, parts, start: first.start, end: parts.at(-1)!.end });
  }

  #not(): TNode {
    if (!this.#isWord('not', '!')) return this.#comparison();
    const { start } = this.#take();
    const of = this.#deeper(() => this.#not());
    return this.#made({ kind: 'not', of, start, end: of.end });
  }

  #comparison(): TNode {
    const left = this.#operand();
    const operator = this.#operator();
    if (operator === null) return left;
    const right = this.#operand();
    const node = this.#made<TNode>({ kind: 'compare', operator, left, right, start: left.start, end: right.end });
    const at = this.#next.start;
    if (this.#operator() !== null) {
      throw new RuleError('comparisons do not chain; join two of them with and', at);
    }
    return node;
  }

  #operator(): TOperator | null {
    const { kind, text } = this.#next;
    if (kind === 'symbol' && SIGNS.has(text)) return this.#take().text as TOperator;
    if (kind !== 'name') return null;
    if (WORDS.has(text)) return this.#take().text as TOperator;
    const follows = this.#tokens[this.#at + 1];
    if (text !== 'not' || follows?.kind !== 'name' || follows.text !== 'in') return null;
    this.#at += 2;
    return 'not in';
  }

  #operand(): TNode {
    const token = this.#next;
    const { start, end } = token;
    switch (token.kind) {
      case 'text':
        return this.#made({ kind: 'text', value: this.#take().text, start, end });
      case 'number':
        return this.#made({ kind: 'number', value: this.#take().value, start, end });
      case 'duration':
        return this.#made({ kind: 'duration', value: this.#take().value, start, end });
      case 'address':
        return this.#made({ kind: 'address', text: this.#take().text, start, end });
      case 'list':
        return this.#made({ kind: 'named-list', name: this.#take().text, start, end });
      case 'name':
        return this.#named();
      default:
        if (token.text === '(') return this.#parenthesized();
        if (token.text === '[') return this.#list();
        throw this.#unexpected('a field, a value or (');
    }
  }

  #named(): TNode {
    const { text, start, end } = this.#next;
    if (text === 'true' || text === 'false') {
      this.#take();
      return this.#made({ kind: 'boolean', value: text === 'true', start, end });
    }
    if (RESERVED.has(text)) throw this.#unexpected('a field or a value');
    this.#take();
    if (!this.#isWord('(')) return this.#made({ kind: 'name', name: text, start, end });
    this.#take();
    const args = this.#deeper(() => this.#items(')'));
    return this.#made({ kind: 'call', name: text, args, start, end: this.#tokens[this.#at - 1]!.end });
  }

  #parenthesized(): TNode {
    const { start } = this.#take();
    const node = this.#deeper(() => this.#or());
    if (!this.#isWord(')')) throw this.#unexpected(')');
    const { end } = this.#take();
    return { ...node, start, end };
  }

  #list(): TNode {
    const { start } = this.#take();
    const items = this.#deeper(() => this.#items(']'));
    return this.#made({ kind: 'list', items, start, end: this.#tokens[this.#at - 1]!.end });
  }

  #items(close: string): TNode[] {
    const items: TNode[] = [];
    while (!this.#isWord(close)) {
      items.push(this.#or());
      if (!this.#isWord(',')) break;
      this.#take();
    }
    if (!this.#isWord(close)) throw this.#unexpected(`, or ${close}`);
    this.#take();
    return items;
  }

  #unexpected(expected: string): RuleError {
    const { kind, text, start } = this.#next;
    if (kind === 'end') return new RuleError(`the expression ends where ${expected} is expected`, start);
    const near = kind === 'name' ? nearestName(text, [...RESERVED]) : undefined;
    const hint = near === undefined || near === text ? '' : `; did you mean ${near}?`;
    return new RuleError(`got '${text}', expected ${expected}${hint}`, start);
  }
}
