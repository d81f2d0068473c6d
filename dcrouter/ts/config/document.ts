/**
 * A configuration document as a value: environment variables put in, and every value's position kept, so that an error
 * can name its line.
 *
 * @module
 */
import { isScalar, parseDocument } from 'yaml';
import { ConfigError, type IConfigProblem } from './error.ts';
import { parseSource, positionIn } from './source.ts';
import { ConfigTree } from './tree.ts';

export interface IConfigDocument {
  readonly file: string;
  readonly value: unknown;
  /** What works and should be looked at. */
  readonly warnings?: readonly IConfigProblem[];
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
 * Parses one text and replaces environment references in scalars. What names other files (`include`, `fromFile`, files
 * of zones) needs `readConfigDocument`.
 *
 * @throws ConfigError on a syntax error, a duplicate key, or a reference to a variable that is not set.
 */
export function parseConfigDocument(file: string, text: string, env: NodeJS.ProcessEnv): IConfigDocument {
  return documentOf(new ConfigTree(parseSource(file, text)), env);
}

/**
 * The value of a tree. Changes the tree.
 *
 * @throws ConfigError for a reference to a variable that is not set
 */
export function documentOf(tree: ConfigTree, env: NodeJS.ProcessEnv): IConfigDocument {
  const problems = substitute(tree, env);
  if (problems.length > 0) throw new ConfigError(problems);
  const { file, document } = tree.root;
  const locate: IConfigDocument['locate'] = (path) => {
    const { source, node } = tree.find(path);
    return { file: source.file, ...positionIn(source, node), path };
  };
  const position: IConfigDocument['position'] = (path) => {
    const { line, column } = locate(path);
    return line === undefined || column === undefined ? undefined : { line, column };
  };
  return { file, value: document.toJS(), position, locate };
}

function substitute(tree: ConfigTree, env: NodeJS.ProcessEnv): IConfigProblem[] {
  const problems: IConfigProblem[] = [];
  tree.eachScalar((node, source) => {
    if (typeof node.value !== 'string' || !node.value.includes('${')) return;
    const before = node.value;
    const text = before.replaceAll(REFERENCE, (match, name: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return '${';
      const value = env[name];
      if (value !== undefined && value !== '') return value;
      if (fallback !== undefined) return fallback;
      const message = `\${${name}} is used, but the environment has no ${name}; set it or write \${${name}:-default}`;
      problems.push({ file: source.file, ...positionIn(source, node), path: '', message });
      return match;
    });
    // A value that is one reference and nothing else is typed by what the environment holds, so that a port is a
    // number in YAML and in JSON alike; the tag !!str keeps it text.
    node.value = ONE_REFERENCE.test(before) && node.tag !== STRING_TAG ? typedScalar(text) : text;
  });
  return problems;
}

/** Text as YAML reads a plain scalar: a number, true, false, null, or the text itself. */
export function typedScalar(text: string): unknown {
  const { contents } = parseDocument(text);
  return isScalar(contents) ? contents.value : text;
}
