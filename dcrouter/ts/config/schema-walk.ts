/**
 * Looking along the schema: which settings may stand at a path, and which of them are secret.
 *
 * @module
 */
import { z } from 'zod';

/** The parts of the schema library's definitions that are read here. */
interface ISchemaDef {
  readonly type: string;
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly options?: readonly unknown[];
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly unknown[];
}

/** What a setting's schema says about it beyond its shape. */
export interface ISettingMeta {
  /** Never shown: not in differences, not in errors, not when a configuration is printed. */
  readonly secret?: boolean;
  /** A file or folder, relative to the file that names it. */
  readonly path?: boolean;
  /** What to use in its place. */
  readonly instead?: string;
  readonly description?: string;
}

/** The settings that may stand below a schema, by name. */
export function shapeOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return definition(schema).shape;
}

/** A schema without its defaults and options: each branch of a union for itself. */
export function branchesOf(schema: unknown): unknown[] {
  const def = definition(schema);
  if (def.innerType !== undefined) return branchesOf(def.innerType);
  if (def.type === 'pipe') return branchesOf(def.in);
  if (def.type === 'union') return (def.options ?? []).flatMap(branchesOf);
  return [schema];
}

/** The schemas that may hold at one path below some. */
export function schemasBelow(schemas: readonly unknown[], part: PropertyKey): unknown[] {
  return schemas.flatMap(branchesOf).flatMap((schema) => {
    const def = definition(schema);
    if (def.type === 'array') return [def.element];
    if (def.type === 'record') return [def.valueType];
    const next = def.shape?.[String(part)];
    return next === undefined ? [] : [next];
  });
}

/** The schemas that may hold at a path of the document. */
export function schemasAt(root: unknown, path: readonly PropertyKey[]): unknown[] {
  let schemas: unknown[] = [root];
  for (const part of path) schemas = schemasBelow(schemas, part);
  return schemas;
}

/** The settings that may stand at a path. */
export function knownKeys(root: unknown, path: readonly PropertyKey[]): string[] {
  const branches = schemasAt(root, path).flatMap(branchesOf);
  return [...new Set(branches.flatMap((schema) => Object.keys(shapeOf(schema) ?? {})))];
}

/** The words that may stand at a path, where its schema lists some. */
export function knownWords(root: unknown, path: readonly PropertyKey[]): string[] {
  const words = schemasAt(root, path)
    .flatMap(branchesOf)
    .flatMap((schema) => {
      const def = definition(schema);
      if (def.type === 'enum') return Object.values(def.entries ?? {});
      return def.type === 'literal' ? (def.values ?? []) : [];
    });
  return [...new Set(words.filter((word) => typeof word === 'string'))];
}

/** What stands in the place of a secret that is shown. */
export const REDACTED = '(secret)';

/** A copy of a value in which every secret is replaced by a word. */
export function redact(schemas: readonly unknown[], value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (isMarked(schemas, 'secret')) return REDACTED;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const below = schemasBelow(schemas, 0);
    return value.map((item) => redact(below, item));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redact(schemasBelow(schemas, key), item)]),
  );
}

/** What was said about a schema, on it or on what its default wraps. */
export function metaOf(schema: unknown): ISettingMeta {
  const own = z.globalRegistry.get(schema as z.ZodType) as ISettingMeta | undefined;
  const { innerType } = definition(schema);
  return innerType === undefined ? { ...own } : { ...metaOf(innerType), ...own };
}

/** Whether any of the schemas that may hold at a place is marked so, itself or below its defaults and options. */
export function isMarked(schemas: readonly unknown[], mark: 'secret' | 'path'): boolean {
  return schemas.some((schema) => metaOf(schema)[mark] === true || isMarked(optionsOf(schema), mark));
}

function optionsOf(schema: unknown): readonly unknown[] {
  const def = definition(schema);
  if (def.innerType !== undefined) return optionsOf(def.innerType);
  return def.type === 'union' ? (def.options ?? []) : [];
}

export function definition(schema: unknown): ISchemaDef {
  return (schema as { def: ISchemaDef }).def;
}
