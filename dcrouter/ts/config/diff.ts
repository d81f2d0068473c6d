/**
 * What differs between two configurations, told by names rather than by positions.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import type { IDifference } from '../control/types.ts';
import { isGroup } from './json.ts';
import { redact, schemasBelow } from './schema-walk.ts';
import { configSchema, type TConfig } from './schema/index.ts';

/** One place of the document: how it is written, and what its schema is. */
interface IPlace {
  readonly path: string;
  readonly schemas: readonly unknown[];
}

/**
 * Every value that differs. Things that are added or removed as a whole (a route, a zone) are one difference; items of
 * lists are told by their names where they have some; secrets are shown as `(secret)`, also where they changed.
 */
export function differences(previous: TConfig, next: TConfig): IDifference[] {
  const found: IDifference[] = [];
  compare({ path: '', schemas: [configSchema] }, previous, next, found);
  return found;
}

function compare(place: IPlace, before: unknown, after: unknown, found: IDifference[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (before === undefined) found.push({ path: place.path, kind: 'added', after: redact(place.schemas, after) });
  else if (after === undefined)
    found.push({ path: place.path, kind: 'removed', before: redact(place.schemas, before) });
  else if (isGroup(before) && isGroup(after)) compareGroups(place, before, after, found);
  else if (isListOfGroups(before) && isListOfGroups(after)) compareLists(place, before, after, found);
  else found.push(changed(place, redact(place.schemas, before), redact(place.schemas, after)));
}

function changed(place: IPlace, before: unknown, after: unknown): IDifference {
  return { path: place.path, kind: 'changed', before, after };
}

type TGroup = Record<string, unknown>;

function compareGroups(place: IPlace, before: TGroup, after: TGroup, found: IDifference[]): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const path = keyPath(place.path, key);
    compare({ path, schemas: schemasBelow(place.schemas, key) }, before[key], after[key], found);
  }
}

/** Keys that could be taken for a path, as names of zones, stand in brackets. */
function keyPath(base: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${base}[${key}]`;
  return base === '' ? key : `${base}.${key}`;
}

function isListOfGroups(value: unknown): value is TGroup[] {
  return Array.isArray(value) && value.every(isGroup);
}

function compareLists(place: IPlace, before: readonly TGroup[], after: readonly TGroup[], found: IDifference[]): void {
  const schemas = schemasBelow(place.schemas, 0);
  const at = (label: string | number): IPlace => ({ path: `${place.path}[${label}]`, schemas });
  if (![...before, ...after].every((item) => typeof item['name'] === 'string')) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      compare(at(index), before[index], after[index], found);
    }
    return;
  }
  const groups = { before: byLabel(before), after: byLabel(after) };
  for (const label of new Set([...groups.before.keys(), ...groups.after.keys()])) {
    comparePeers(at(label), groups.before.get(label) ?? [], groups.after.get(label) ?? [], found);
  }
  // Records stand in no order; routes and rules are asked as listed.
  if ([...before, ...after].some((item) => typeof item['type'] === 'string')) return;
  const order = [...groups.before.keys()].filter((label) => groups.after.has(label));
  const newOrder = [...groups.after.keys()].filter((label) => groups.before.has(label));
  if (!isDeepStrictEqual(order, newOrder)) found.push(changed(place, order, newOrder));
}

/** Routes and rules are told by their name, records by owner and type, of which there may be several. */
function byLabel(items: readonly TGroup[]): Map<string, TGroup[]> {
  const groups = new Map<string, TGroup[]>();
  for (const item of items) {
    const label = typeof item['type'] === 'string' ? `${String(item['name'])} ${item['type']}` : String(item['name']);
    groups.set(label, [...(groups.get(label) ?? []), item]);
  }
  return groups;
}

/** Items of one label: what is equal on both sides is not told; of what is left, pairs are compared. */
function comparePeers(place: IPlace, before: readonly TGroup[], after: readonly TGroup[], found: IDifference[]): void {
  const left = [...before];
  const fresh = after.filter((item) => {
    const index = left.findIndex((other) => isDeepStrictEqual(other, item));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  for (let index = 0; index < Math.max(left.length, fresh.length); index += 1) {
    compare(place, left[index], fresh[index], found);
  }
}
