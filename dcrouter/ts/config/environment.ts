/**
 * Single settings from the environment: `DCROUTER__PROXY__DRAINTIMEOUTMS=5000`.
 *
 * @module
 */
import { formatPath, type IConfigProblem } from './error.ts';
import { isGroup } from './json.ts';
import { branchesOf, definition, knownKeys, schemasAt, schemasBelow } from './schema-walk.ts';
import { configSchema } from './schema/index.ts';
import { nearestName } from './suggest.ts';
import { typedScalar } from './document.ts';

/** Two underscores: variables such as `DCROUTER_URL` mean something else. */
const PREFIX = 'DCROUTER__';

export interface IOverridden {
  readonly value: unknown;
  readonly problems: readonly IConfigProblem[];
  /** The variable that a value came from, by path. */
  variableOf(path: readonly PropertyKey[]): string | undefined;
}

/**
 * Lays variables over a document's value, which is not touched.
 *
 * The name is the path, its parts between two underscores, in any letter case. Items of lists are told by their `name`
 * or their position; names of zones and routes may be written with `_` for what a variable's name cannot hold.
 */
export function overrideFromEnvironment(value: unknown, env: NodeJS.ProcessEnv): IOverridden {
  const names = Object.keys(env).filter((name) => name.toUpperCase().startsWith(PREFIX));
  if (names.length === 0) return { value, problems: [], variableOf: () => undefined };
  const root = structuredClone(value ?? {});
  const problems: IConfigProblem[] = [];
  const variables = new Map<string, string>();
  for (const name of names.sort()) {
    const found = pathOf(name, root);
    const problem = 'message' in found ? found : place(root, found.path, env[name] ?? '');
    if (problem === undefined && 'path' in found) variables.set(JSON.stringify(found.path), name);
    else if (problem !== undefined) problems.push({ file: variableName(name), path: '', message: problem.message });
  }
  return { value: root, problems, variableOf: (path) => variables.get(JSON.stringify(path)) };
}

/** As errors name a variable in the place of a file. */
export function variableName(name: string): string {
  return `environment variable ${name}`;
}

type TPath = { readonly path: readonly PropertyKey[] } | { readonly message: string };

function pathOf(variable: string, root: unknown): TPath {
  const path: PropertyKey[] = [];
  let schemas: readonly unknown[] = [configSchema];
  let value: unknown = root;
  for (const part of variable.slice(PREFIX.length).split('__')) {
    const key = keyFor(part, schemas, value);
    if (key === undefined) return { message: unknownPart(part, path, schemas, value) };
    path.push(key);
    schemas = schemasBelow(schemas, key);
    value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return { path };
}

function keyFor(part: string, schemas: readonly unknown[], value: unknown): PropertyKey | undefined {
  if (Array.isArray(value)) {
    const named = value.findIndex((item) => isGroup(item) && sameName(String(item['name']), part));
    if (named >= 0) return named;
    return /^\d+$/.test(part) && Number(part) < value.length ? Number(part) : undefined;
  }
  const settings = knownNames(schemas);
  return [...settings, ...(isGroup(value) ? Object.keys(value) : [])].find((key) => sameName(key, part));
}

function knownNames(schemas: readonly unknown[]): string[] {
  return schemas.flatMap(branchesOf).flatMap((schema) => Object.keys(definition(schema).shape ?? {}));
}

function sameName(name: string, part: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '_');
  return plain(name) === plain(part);
}

function unknownPart(part: string, path: readonly PropertyKey[], schemas: readonly unknown[], value: unknown): string {
  const items = Array.isArray(value) ? value.map((item: unknown) => (isGroup(item) ? String(item['name']) : '')) : [];
  const known = [...knownNames(schemas), ...(isGroup(value) ? Object.keys(value) : []), ...items];
  const near = nearestName(part, known);
  const where = path.length === 0 ? 'the document' : formatPath(path);
  const hint = near === undefined ? `known there: ${[...new Set(known)].join(', ')}` : `did you mean '${near}'?`;
  return `there is no '${part}' in ${where}; ${hint}`;
}

/** Types of settings that a variable can give. */
const SCALARS = ['string', 'number', 'boolean', 'enum', 'literal', 'null'];

function place(root: unknown, path: readonly PropertyKey[], text: string): { message: string } | undefined {
  const kinds = schemasAt(configSchema, path)
    .flatMap(branchesOf)
    .map((schema) => definition(schema).type);
  if (!kinds.some((kind) => SCALARS.includes(kind))) {
    const below = knownKeys(configSchema, path).map((key) => key.toUpperCase());
    const hint = below.length === 0 ? '' : `; go on with __ and one of ${below.join(', ')}`;
    return { message: `${formatPath(path)} is ${kinds.includes('array') ? 'a list' : 'a group of settings'}${hint}` };
  }
  const typed = typedScalar(text);
  // A secret of digits alone stays text.
  const value = kinds.every((kind) => kind === 'string' || !SCALARS.includes(kind)) ? text : typed;
  let group = root as Record<PropertyKey, unknown>;
  for (const part of path.slice(0, -1)) {
    if (typeof group[part] !== 'object' || group[part] === null) group[part] = {};
    group = group[part] as Record<PropertyKey, unknown>;
  }
  group[path.at(-1)!] = value;
  return undefined;
}
