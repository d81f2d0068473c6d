/**
 * One file of a configuration as a syntax tree, so that every value's position is known.
 *
 * @module
 */
import { LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { ConfigError } from './error.ts';

export interface ISource {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

export interface IPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * Parses YAML 1.2, of which JSON is a subset.
 *
 * @throws ConfigError on a syntax error or a duplicate key
 */
export function parseSource(file: string, text: string): ISource {
  const lines = new LineCounter();
  // Aliases are bounded by the library (maxAliasCount), so a small file cannot grow into a huge document.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntaxError] = document.errors;
  if (syntaxError) {
    // The parser goes on after an error and reports what follows from it; only the first one says what is wrong.
    const at = lines.linePos(syntaxError.pos[0]);
    throw new ConfigError([{ file, line: at.line, column: at.col, path: '', message: syntaxError.message }]);
  }
  return { file, document, lines };
}

/** Where a node begins in its file; undefined for nodes that were made here. */
export function positionIn(source: ISource, node: unknown): IPosition | undefined {
  const range = (node as Pick<Node, 'range'> | null | undefined)?.range;
  if (!range) return undefined;
  const at = source.lines.linePos(range[0]);
  return { line: at.line, column: at.col };
}
