/**
 * Settings that have a newer spelling.
 *
 * @module
 */
import type { IConfigDocument } from './document.ts';
import type { IConfigProblem } from './error.ts';
import { isGroup } from './json.ts';
import { problemAt } from './problems.ts';
import { metaOf, schemasBelow } from './schema-walk.ts';
import { configSchema } from './schema/index.ts';

/** One warning for each setting of the document that should not be used any more, with what to use. */
export function outdated(document: IConfigDocument): IConfigProblem[] {
  const found: IConfigProblem[] = [];
  walk(document.value, [configSchema], [], (path, instead) => {
    found.push(problemAt(document, path, `is deprecated; ${instead}`));
  });
  return found;
}

function walk(
  value: unknown,
  schemas: readonly unknown[],
  path: readonly PropertyKey[],
  report: (path: readonly PropertyKey[], instead: string) => void,
): void {
  if (value === undefined || schemas.length === 0) return;
  const instead = schemas.map((schema) => metaOf(schema).instead).find((text) => text !== undefined);
  if (instead !== undefined) report(path, instead);
  if (Array.isArray(value)) {
    const below = schemasBelow(schemas, 0);
    value.forEach((item, index) => walk(item, below, [...path, index], report));
  } else if (isGroup(value)) {
    for (const [key, item] of Object.entries(value)) walk(item, schemasBelow(schemas, key), [...path, key], report);
  }
}
