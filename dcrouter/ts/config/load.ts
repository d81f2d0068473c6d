/**
 * From a file to a validated configuration.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { parseConfigDocument, type IConfigDocument } from './document.ts';
import { ConfigError, formatPath, type IConfigProblem } from './error.ts';
import { zoneComplaints } from '../dns/zones.ts';
import { ruleComplaints } from '../rules/complaints.ts';
import { routeComplaints } from './routes.ts';
import { configSchema, type TConfig } from './schema/index.ts';
import { nearestName } from './suggest.ts';

/**
 * Reads and validates a configuration file.
 *
 * @throws ConfigError when the file cannot be read, is not YAML or JSON, or does not fit the schema.
 */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Promise<TConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, path: '', message: unreadable(error as NodeJS.ErrnoException) }]);
  }
  return validateConfig(parseConfigDocument(file, text, env));
}

function unreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such file';
  if (error.code === 'EACCES') return 'the file may not be read by this user';
  if (error.code === 'EISDIR') return 'this is a folder; name a YAML or JSON file';
  return `the file cannot be read: ${error.message}`;
}

/** @throws ConfigError with one problem per value that does not fit. */
export function validateConfig(document: IConfigDocument): TConfig {
  const result = configSchema.safeParse(document.value ?? {});
  const problems = result.success
    ? checkMeaning(result.data, document)
    : result.error.issues.flatMap((issue) => explain(issue, document));
  if (problems.length > 0) throw new ConfigError(problems);
  return result.data!;
}

/** What fits the schema and still cannot work. */
function checkMeaning(config: TConfig, document: IConfigDocument): IConfigProblem[] {
  const duplicates = duplicateNames(config, document);
  if (duplicates.length > 0) return duplicates;
  const problems = routeComplaints(config.proxy?.routes ?? []).map(({ path, message }) =>
    problemAt(document, ['proxy', 'routes', ...path], message),
  );
  config.proxy?.routes.forEach((route, index) => {
    if (route.action.tls?.certificate !== 'auto' || config.proxy?.acme !== undefined) return;
    const path = ['proxy', 'routes', index, 'action', 'tls', 'certificate'];
    problems.push(problemAt(document, path, "got 'auto', which needs proxy.acme with at least an email"));
  });
  const routeNames = (config.proxy?.routes ?? []).map(({ name }) => name);
  for (const { path, message } of ruleComplaints(config.rules, routeNames)) {
    problems.push(problemAt(document, ['rules', ...path], message));
  }
  for (const [name, zone] of Object.entries(config.dns?.zones ?? {})) {
    for (const message of zoneComplaints(name, zone))
      problems.push(problemAt(document, ['dns', 'zones', name], message));
  }
  return problems;
}

/** Route names key the counters: two routes under one name would be counted as one. */
function duplicateNames(config: TConfig, document: IConfigDocument): IConfigProblem[] {
  const first = new Map<string, number>();
  const problems: IConfigProblem[] = [];
  config.proxy?.routes.forEach((route, index) => {
    const earlier = first.get(route.name);
    if (earlier === undefined) first.set(route.name, index);
    else {
      const path = ['proxy', 'routes', index, 'name'];
      problems.push(
        problemAt(
          document,
          path,
          `got '${route.name}', which proxy.routes[${earlier}] already has; route names must be unique`,
        ),
      );
    }
  });
  return problems;
}

function problemAt(document: IConfigDocument, path: ReadonlyArray<PropertyKey>, message: string): IConfigProblem {
  const at = document.position(path);
  return { file: document.file, line: at?.line, column: at?.column, path: formatPath(path), message };
}

type TIssue = z.core.$ZodIssue;

/** One problem of the schema library in our words: where, what stood there, what would be right. */
function explain(issue: TIssue, document: IConfigDocument, base: readonly PropertyKey[] = []): IConfigProblem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => problemAt(document, [...path, key], unknownKey(key, path)));
  }
  if (issue.code === 'invalid_union') {
    const inner = mostSpecificBranch(issue);
    if (inner) return inner.flatMap((branch) => explain(branch, document, path));
  }
  const got = valueAt(document.value, path);
  const seen = got === undefined ? 'is missing' : `got ${describe(got)}`;
  return [problemAt(document, path, `${seen}; ${expectation(issue)}`)];
}

/** Of a union's branches, the one that accepted the value's shape and failed only deeper inside it. */
function mostSpecificBranch(issue: Extract<TIssue, { code: 'invalid_union' }>): TIssue[] | undefined {
  const deeper = issue.errors.filter((branch) =>
    branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  return deeper.length === 1 ? deeper[0] : undefined;
}

/** The schema library's type names in the words of a configuration's reader. */
const TYPE_WORDS: Record<string, string> = {
  number: 'a number',
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
      return `expected ${issue.format === 'starts_with' ? `text that starts with '${'prefix' in issue ? String(issue.prefix) : ''}'` : `an ${issue.format} value`}`;
    default:
      return issue.message;
  }
}

function unionExpectation(issue: Extract<TIssue, { code: 'invalid_union' }>): string {
  const options = issue.errors.flat().map((inner) => expectation(inner).replace(/^expected /, ''));
  return options.length === 0 ? issue.message : [...new Set(options)].join(' or ');
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = knownKeys(path);
  const near = nearestName(key, known);
  const hint = near === undefined ? `known here: ${known.join(', ')}` : `did you mean '${near}'?`;
  return `is not a known setting; ${hint}`;
}

/** Walks the schema along a document path and lists the settings that may stand there. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schemas: unknown[] = [configSchema];
  for (const part of path) schemas = schemas.flatMap((schema) => step(schema, part));
  return [
    ...new Set(schemas.flatMap((schema) => unwrap(schema)).flatMap((inner) => Object.keys(shapeOf(inner) ?? {}))),
  ];
}

interface ISchemaDef {
  type: string;
  innerType?: unknown;
  element?: unknown;
  valueType?: unknown;
  options?: unknown[];
  shape?: Record<string, unknown>;
}

function definition(schema: unknown): ISchemaDef {
  return (schema as { def: ISchemaDef }).def;
}

function unwrap(schema: unknown): unknown[] {
  const def = definition(schema);
  if (def.innerType !== undefined) return unwrap(def.innerType);
  if (def.type === 'union') return (def.options ?? []).flatMap(unwrap);
  return [schema];
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  return definition(schema).shape;
}

function step(schema: unknown, part: PropertyKey): unknown[] {
  return unwrap(schema).flatMap((inner) => {
    const def = definition(inner);
    if (def.type === 'array') return [def.element];
    if (def.type === 'record') return [def.valueType];
    const next = def.shape?.[String(part)];
    return next === undefined ? [] : [next];
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (current === null || typeof current !== 'object') return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}

/** A value as an error shows it: short, and never a whole private key. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `a text of ${value.length} characters` : `'${value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value === null) return 'nothing (null)';
  if (typeof value === 'object') return 'a group of settings';
  return String(value);
}
