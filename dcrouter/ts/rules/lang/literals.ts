/**
 * Literals beside fields: brought into the form that the field's texts have, or refused with what would be right.
 *
 * @module
 */
import { nearestName } from '../../config/suggest.ts';
import type { TNode } from './ast.ts';
import { RuleError } from './error.ts';
import type { TForm, TType } from './fields.ts';
import { normalName } from './lists.ts';

const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** What a text literal must be beside a field of this type and form. @throws RuleError */
export function textLiteral(node: TNode & { kind: 'text' }, type: TType, form: TForm): string {
  const { value, start } = node;
  if (type === 'date') {
    if (!DATE.test(value)) throw new RuleError(`got '${value}', expected a day such as "2026-11-27"`, start);
    return value;
  }
  if (form === 'host') return normalName(value);
  if (form === 'mailbox') return value.toLowerCase();
  if (form === 'upper') {
    if (value !== value.toUpperCase()) {
      throw new RuleError(`got '${value}', which never occurs; did you mean '${value.toUpperCase()}'?`, start);
    }
    return value;
  }
  if (form === 'path') {
    if (!value.startsWith('/') && value !== '*') throw new RuleError(`got '${value}', expected a path from /`, start);
    return value;
  }
  if (typeof form !== 'object' || form.oneOf.includes(value)) return value;
  const near = nearestName(value, form.oneOf);
  const hint = near === undefined ? `expected ${quoted(form.oneOf)}` : `did you mean '${near}'?`;
  throw new RuleError(`got '${value}', which never occurs here; ${hint}`, start);
}

export function quoted(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}

const WORDS: Readonly<Record<TType, string>> = {
  boolean: 'true or false',
  text: 'a text',
  number: 'a number',
  address: 'an address',
  date: 'a day',
};

/** A type in the words of somebody who writes rules. */
export function typeWord(type: TType): string {
  return WORDS[type];
}

/** What a node is, for an error that expected something else. */
export function nodeWord(node: TNode): string {
  switch (node.kind) {
    case 'text':
      return `the text '${node.value}'`;
    case 'number':
      return `the number ${node.value}`;
    case 'boolean':
      return String(node.value);
    case 'duration':
      return 'a time';
    case 'address':
      return `the address ${node.text}`;
    case 'list':
      return 'a list';
    case 'named-list':
      return `the list @${node.name}`;
    case 'name':
      return node.name;
    case 'call':
      return `${node.name}(…)`;
    default:
      return 'a condition';
  }
}
