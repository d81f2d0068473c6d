/**
 * What the schema library says about a value, in our words: where, what stands there, and what would be right.
 *
 * @module
 */
import type { z } from 'zod';
import type { IConfigDocument } from './document.ts';
import { formatPath, type IConfigProblem } from './error.ts';
import { valueAt } from './json.ts';
import { isMarked, knownKeys, knownWords, REDACTED, schemasAt } from './schema-walk.ts';
import { configSchema } from './schema/index.ts';
import { nearestName } from './suggest.ts';

type TIssue = z.core.$ZodIssue;

/** A problem with the value at a path of the document. */
export function problemAt(
  document: IConfigDocument,
  path: ReadonlyArray<PropertyKey>,
  message: string,
  parts: Pick<IConfigProblem, 'got' | 'expected' | 'suggestion'> = {},
): IConfigProblem {
  const { file, line, column, path: shown } = document.locate(path);
  return { file, line, column, path: formatPath(shown), message, ...parts };
}

/** The problems that one issue of the schema library stands for. */
export function explain(issue: TIssue, document: IConfigDocument, base: readonly PropertyKey[] = []): IConfigProblem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(document, key, path));
  }
  if (issue.code === 'invalid_union') {
    const inner = mostSpecificBranch(issue);
    if (inner) return inner.flatMap((branch) => explain(branch, document, path));
  }
  if (issue.code === 'invalid_key') {
    return [problemAt(document, path, `is not a name that may stand here; ${expectation(issue.issues[0]!)}`)];
  }
  const value = valueAt(document.value, path);
  const got = value === undefined ? undefined : describe(value, path);
  const expected = expectation(issue);
  const suggestion = typeof value === 'string' ? nearestName(value, knownWords(configSchema, path)) : undefined;
  const message = `${got === undefined ? 'is missing' : `got ${got}`}; ${expected}${suggestion === undefined ? '' : `; did you mean '${suggestion}'?`}`;
  return [problemAt(document, path, message, { got, expected: expected.replace(/^expected /, ''), suggestion })];
}

/** Of a union's branches, the one that accepted the value's shape and failed only deeper inside it. */
function mostSpecificBranch(issue: Extract<TIssue, { code: 'invalid_union' }>): TIssue[] | undefined {
  const deeper = issue.errors.filter((branch) =>
    branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  return deeper.length === 1 ? deeper[0] : undefined;
}

/** The schema library's type names in the words of a configuration's reader. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of settings',
};

function expectation(issue: TIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => `'${String(value)}'`).join(' or ')}`;
    case 'too_small':
      return `expected ${issue.origin === 'number' || issue.origin === 'int' ? `at least ${issue.minimum}` : `${issue.minimum} or more`}`;
    case 'too_big':
      return `expected at most ${issue.maximum}`;
    case 'invalid_union':
      return `expected ${unionExpectation(issue)}`;
    case 'invalid_format':
      return `expected ${issue.format === 'starts_with' ? `text that starts with '${'prefix' in issue ? String(issue.prefix) : ''}'` : formatExpectation(issue)}`;
    default:
      return issue.message;
  }
}

function formatExpectation(issue: Extract<TIssue, { code: 'invalid_format' }>): string {
  // A pattern says nothing to a reader: schemas with one carry their own words.
  return issue.format === 'regex' ? issue.message.replace(/^expected /, '') : `an ${issue.format} value`;
}

function unionExpectation(issue: Extract<TIssue, { code: 'invalid_union' }>): string {
  const options = issue.errors.flat().map((inner) => expectation(inner).replace(/^expected /, ''));
  return options.length === 0 ? issue.message : [...new Set(options)].join(' or ');
}

function unknownKey(document: IConfigDocument, key: string, path: readonly PropertyKey[]): IConfigProblem {
  const known = knownKeys(configSchema, path);
  const suggestion = nearestName(key, known);
  const hint = suggestion === undefined ? `known here: ${known.join(', ')}` : `did you mean '${suggestion}'?`;
  return problemAt(document, [...path, key], `is not a known setting; ${hint}`, { suggestion });
}

/** A value as an error shows it: short, and never a secret. */
function describe(value: unknown, path: readonly PropertyKey[]): string {
  if (isMarked(schemasAt(configSchema, path), 'secret')) return REDACTED;
  if (typeof value === 'string') return value.length > 60 ? `a text of ${value.length} characters` : `'${value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value === null) return 'nothing (null)';
  if (typeof value === 'object') return 'a group of settings';
  return String(value);
}
