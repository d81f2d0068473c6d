/**
 * An expression whose names and types have been checked: what closures are made of.
 *
 * @module
 */
import type { IpSet } from '@dcrouter/smartproxy';
import type { IPlace } from './ast.ts';
import type { IField, TForm, TType } from './fields.ts';

/** What stands to the right of `in`. */
export interface IMemberSet {
  readonly texts: ReadonlySet<string>;
  readonly numbers: ReadonlySet<number>;
  /** Names below which everything is meant, each with a leading dot. */
  readonly suffixes: ReadonlySet<string>;
  readonly addresses: IpSet | null;
  /** The networks as they were written; for the index. */
  readonly networks: readonly string[];
}

export type TMatchOperator = 'like' | 'under' | 'matches' | 'starts_with' | 'ends_with' | 'contains';
export type TOrderOperator = '<' | '<=' | '>' | '>=';

export type TTyped = IPlace & {
  readonly type: TType;
  /** Bits of the stages at which it can have a value. */
  readonly stages: number;
} & (
    | { readonly kind: 'constant'; readonly value: boolean | string | number }
    | { readonly kind: 'field'; readonly name: string; readonly field: IField }
    | { readonly kind: 'header' | 'cookie'; readonly name: string }
    | { readonly kind: 'tag'; readonly name: string; readonly index: number }
    | { readonly kind: 'counter'; readonly slot: number }
    | { readonly kind: 'lower' | 'len' | 'exists'; readonly of: TTyped }
    | { readonly kind: 'not'; readonly of: TTyped }
    | { readonly kind: 'and' | 'or'; readonly parts: readonly TTyped[] }
    | { readonly kind: 'equal'; readonly left: TTyped; readonly right: TTyped; readonly isNegated: boolean }
    | { readonly kind: 'order'; readonly operator: TOrderOperator; readonly left: TTyped; readonly right: TTyped }
    | { readonly kind: 'member'; readonly left: TTyped; readonly set: IMemberSet; readonly isNegated: boolean }
    | {
        readonly kind: 'match';
        readonly operator: TMatchOperator;
        readonly left: TTyped;
        readonly pattern: string;
        readonly test: (text: string) => boolean;
      }
  );

/** The form of the texts that an expression gives. */
export function formOf(typed: TTyped): TForm {
  return typed.kind === 'field' ? typed.field.form : 'any';
}

/** The parts of which an expression is made. */
export function partsOf(typed: TTyped): readonly TTyped[] {
  switch (typed.kind) {
    case 'and':
    case 'or':
      return typed.parts;
    case 'not':
    case 'lower':
    case 'len':
    case 'exists':
      return [typed.of];
    case 'equal':
    case 'order':
      return [typed.left, typed.right];
    case 'member':
    case 'match':
      return [typed.left];
    default:
      return [];
  }
}
