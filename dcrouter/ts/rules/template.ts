/**
 * Texts with fields in braces, as redirects have them: `https://{http.host}{http.path}`.
 *
 * @module
 */
import type { Facts } from './facts.ts';
import { check, type ICheckContext } from './lang/check.ts';
import { compileRead, isPresent, type ICompileContext, type TRead } from './lang/compile.ts';
import { RuleError } from './lang/error.ts';
import { parse } from './lang/parse.ts';

export interface ITemplate {
  /** Bits of the stages at which all its fields can be known. */
  readonly stages: number;
  /** What is absent becomes nothing. */
  render(facts: Facts): string;
}

/** @throws RuleError */
export function compileTemplate(
  source: string,
  stages: number,
  names: ICheckContext,
  values: ICompileContext,
): ITemplate {
  const pieces: Array<string | TRead> = [];
  let shared = stages;
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('{', at);
    if (open === -1) break;
    const close = source.indexOf('}', open);
    if (close === -1) throw new RuleError(`'{' in '${source}' is not closed`);
    pieces.push(source.slice(at, open));
    const typed = check(parse(source.slice(open + 1, close)), names);
    shared &= typed.stages;
    pieces.push(compileRead(typed, values));
    at = close + 1;
  }
  pieces.push(source.slice(at));
  return { stages: shared, render: (facts) => pieces.map((piece) => textOf(piece, facts)).join('') };
}

function textOf(piece: string | TRead, facts: Facts): string {
  if (typeof piece === 'string') return piece;
  const value = piece(facts);
  return isPresent(value) ? String(value) : '';
}
