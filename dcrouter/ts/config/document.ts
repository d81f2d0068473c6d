/**
 * A configuration document as text: YAML or JSON, with environment variables put in, and with every value's position
 * kept so that an error can name its line.
 *
 * @module
 */
import { LineCounter, parseDocument, visit, isScalar, type Document } from 'yaml';
import { ConfigError, type IConfigProblem } from './error.ts';

export interface IConfigDocument {
  readonly file: string;
  readonly value: unknown;
  /** Position of the value at `path`, or of its nearest existing parent. */
  position(path: ReadonlyArray<PropertyKey>): { line: number; column: number } | undefined;
  /** Where the value at `path` was written: the file, the position, and the path as its author sees it. */
  locate(path: ReadonlyArray<PropertyKey>): IConfigPlace;
}

export interface IConfigPlace {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly path: ReadonlyArray<PropertyKey>;
}

/** `${NAME}` or `${NAME:-default}`; `$${` stands for a literal `${`. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

const ONE_REFERENCE = /^\$\{[^}]*\}$/;
const STRING_TAG = 'tag:yaml.org,2002:str';

/**
 * Parses YAML 1.2 (JSON is a subset) and replaces environment references in scalars.
 *
 * @throws ConfigError on a syntax error, a duplicate key, or a reference to a variable that is not set.
 */
export function parseConfigDocument(file: string, text: string, env: NodeJS.ProcessEnv): IConfigDocument {
  const lines = new LineCounter();
  // Aliases are bounded by the library (maxAliasCount), so a small file cannot grow into a huge document.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: IConfigProblem[] = [];
  const syntaxError = document.errors[0];
  if (syntaxError) {
    // The parser goes on after an error and reports what follows from it; only the first one says what is wrong.
    const at = lines.linePos(syntaxError.pos[0]);
    throw new ConfigError([{ file, line: at.line, column: at.col, path: '', message: syntaxError.message }]);
  }
  substitute(document, env, (offset, message) => {
    const at = lines.linePos(offset);
    problems.push({ file, line: at.line, column: at.col, path: '', message });
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const position: IConfigDocument['position'] = (path) => positionOf(document, lines, path);
  return { file, value: document.toJS(), position, locate: (path) => ({ file, ...position(path), path }) };
}

function substitute(document: Document, env: NodeJS.ProcessEnv, fail: (offset: number, message: string) => void): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const source = node.value;
      const text = node.value.replaceAll(REFERENCE, (match, name: string | undefined, fallback: string | undefined) => {
        if (name === undefined) return '${';
        const value = env[name];
        if (value !== undefined && value !== '') return value;
        if (fallback !== undefined) return fallback;
        fail(
          node.range?.[0] ?? 0,
          `\${${name}} is used, but the environment has no ${name}; set it or write \${${name}:-default}`,
        );
        return match;
      });
      // A value that is one reference and nothing else is typed by what the environment holds, so that a port is a
      // number in YAML and in JSON alike; the tag !!str keeps it text.
      node.value = ONE_REFERENCE.test(source) && node.tag !== STRING_TAG ? retype(text) : text;
    },
  });
}

function retype(text: string): unknown {
  const contents = parseDocument(text).contents;
  return isScalar(contents) ? contents.value : text;
}

function positionOf(
  document: Document,
  lines: LineCounter,
  path: ReadonlyArray<PropertyKey>,
): { line: number; column: number } | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (!range) continue;
    const at = lines.linePos(range[0]);
    return { line: at.line, column: at.col };
  }
  return undefined;
}
