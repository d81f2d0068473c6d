/**
 * An expression as it was written, before its names and types are checked.
 *
 * @module
 */
export interface IPlace {
  readonly start: number;
  readonly end: number;
}

/** Operators between two operands, words and signs alike. */
export type TOperator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'not in'
  | 'like'
  | 'under'
  | 'matches'
  | 'starts_with'
  | 'ends_with'
  | 'contains';

export type TNode = IPlace &
  (
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'duration'; readonly value: number }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'address'; readonly text: string }
    | { readonly kind: 'list'; readonly items: readonly TNode[] }
    | { readonly kind: 'named-list'; readonly name: string }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly TNode[] }
    | { readonly kind: 'not'; readonly of: TNode }
    | { readonly kind: 'and' | 'or'; readonly parts: readonly TNode[] }
    | { readonly kind: 'compare'; readonly operator: TOperator; readonly left: TNode; readonly right: TNode }
  );
