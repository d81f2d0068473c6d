/**
 * The document with the shared objects laid over it: what is validated as a whole and then serves.
 *
 * @module
 */
import type { IStoredObject, TJson, TObjectKind } from '../store/types.ts';
import type { IConfigProblem } from './error.ts';
import { isGroup } from './json.ts';

/** The object that a value came from. */
export interface IObjectOrigin {
  readonly kind: TObjectKind;
  readonly id: string;
  /** Path of the value within the object's own value. */
  readonly path: readonly PropertyKey[];
}

export interface ILaidObjects {
  /** The document's value with the objects in it; the given value is not touched. */
  readonly value: unknown;
  /** Objects that could not be laid, as `object route 'x'`. */
  readonly problems: readonly IConfigProblem[];
  /** Which object the value at a path came from; undefined for the document's own. */
  originOf(path: readonly PropertyKey[]): IObjectOrigin | undefined;
}

/** `object route 'x'`, as errors name an object in the place of a file. */
export function objectName(object: { readonly kind: TObjectKind; readonly id: string }): string {
  return `object ${object.kind} '${object.id}'`;
}

type TGroup = Record<string, unknown>;
type TOrigin = Omit<IObjectOrigin, 'path'>;

/** Builds the value; groups are copied where something is put into them. */
class Overlay {
  readonly problems: IConfigProblem[] = [];
  /** Objects by the value that they put in, for groups and lists alike. */
  readonly origins = new Map<unknown, TOrigin>();
  readonly root: TGroup;
  readonly #owned = new Set<unknown>();

  constructor(value: unknown) {
    this.root = isGroup(value) ? { ...value } : {};
    this.#owned.add(this.root);
  }

  refuse(object: TOrigin, message: string): void {
    this.problems.push({ file: objectName(object), path: '', message });
  }

  /** The group at `key` of an owned group, made or copied so that it may be written to. */
  group(parent: TGroup, key: string): TGroup {
    const present = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (this.#owned.has(present)) return present as TGroup;
    const made: TGroup = isGroup(present) ? { ...present } : {};
    this.#owned.add(made);
    const origin = this.origins.get(present);
    if (origin !== undefined) this.origins.set(made, origin);
    set(parent, key, made);
    return made;
  }

  /** The same for a list. */
  list(parent: TGroup, key: string): unknown[] {
    const present = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (this.#owned.has(present)) return present as unknown[];
    const made: unknown[] = Array.isArray(present) ? [...(present as unknown[])] : [];
    this.#owned.add(made);
    set(parent, key, made);
    return made;
  }
}

/** As an assignment, also for a name such as `__proto__`. */
function set(group: TGroup, key: string, value: unknown): void {
  Object.defineProperty(group, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Lays routes, zones, record sets, rules and upstream states over a document's value.
 *
 * | object | its id | its value | where it goes |
 * |---|---|---|---|
 * | route | the route's name | a route, its `name` may be left out | `proxy.routes` |
 * | zone | the zone's name | a zone | `dns.zones` |
 * | record | `<zone>/<owner>/<TYPE>` | `{ ttl?, data: […] }`, one item per record | the zone's `records` |
 * | rule | the rule's name | a rule, its `name` may be left out | `rules.rules` |
 * | upstream | `<host>:<port>` | a state and a weight | `upstreams` |
 *
 * A document that is none is left to the validation.
 */
export function layObjects(document: unknown, objects: readonly IStoredObject[]): ILaidObjects {
  if (objects.length === 0 || (document !== undefined && document !== null && !isGroup(document))) {
    return { value: document, problems: [], originOf: () => undefined };
  }
  const overlay = new Overlay(document);
  // Zones before the records that go into them; within a kind the store's order is kept.
  for (const kind of ['route', 'zone', 'record', 'rule', 'upstream'] as const) {
    for (const object of objects) if (object.kind === kind) LAYERS[kind](overlay, object);
  }
  return { value: overlay.root, problems: overlay.problems, originOf: (path) => originOf(overlay, path) };
}

const LAYERS: Readonly<Record<TObjectKind, (overlay: Overlay, object: IStoredObject) => void>> = {
  route: (overlay, object) => layNamed(overlay, object, overlay.list(overlay.group(overlay.root, 'proxy'), 'routes')),
  rule: (overlay, object) => layNamed(overlay, object, overlay.list(overlay.group(overlay.root, 'rules'), 'rules')),
  zone: (overlay, object) => layKeyed(overlay, object, overlay.group(overlay.group(overlay.root, 'dns'), 'zones')),
  upstream: (overlay, object) => layKeyed(overlay, object, overlay.group(overlay.root, 'upstreams')),
  record: layRecords,
};

function layNamed(overlay: Overlay, object: IStoredObject, list: unknown[]): void {
  const { value } = object;
  if (!isGroup(value)) return overlay.refuse(object, 'expected a group of settings');
  if (value['name'] !== undefined && value['name'] !== object.id) {
    return overlay.refuse(object, `its name is '${String(value['name'])}'; expected '${object.id}', or no name`);
  }
  if (list.some((item) => isGroup(item) && item['name'] === object.id)) {
    return overlay.refuse(object, `the document has a ${object.kind} of that name; rename one of them`);
  }
  const made = { name: object.id, ...value };
  overlay.origins.set(made, object);
  list.push(made);
}

function layKeyed(overlay: Overlay, object: IStoredObject, group: TGroup): void {
  if (!isGroup(object.value)) return overlay.refuse(object, 'expected a group of settings');
  const same = Object.keys(group).find((key) => plainName(key) === plainName(object.id));
  if (same !== undefined) {
    return overlay.refuse(object, `there is one named '${same}' in the document; take one of them away`);
  }
  const made = { ...object.value };
  overlay.origins.set(made, object);
  set(group, object.id, made);
}

/** Names of zones compare without regard to case and the final dot. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function layRecords(overlay: Overlay, object: IStoredObject): void {
  const [zoneName, owner, typeName, ...rest] = object.id.split('/');
  if (!zoneName || !owner || !typeName || rest.length > 0) {
    return overlay.refuse(object, 'expected an id as <zone>/<owner>/<TYPE>');
  }
  const { value } = object;
  if (!isGroup(value) || !Array.isArray(value['data']) || value['data'].length === 0) {
    return overlay.refuse(object, 'expected { ttl?, data: […] } with the data of one record or more');
  }
  const unknown = Object.keys(value).find((key) => key !== 'ttl' && key !== 'data');
  if (unknown !== undefined) return overlay.refuse(object, `'${unknown}' is not a known setting; known: ttl, data`);
  const zones = overlay.group(overlay.group(overlay.root, 'dns'), 'zones');
  const key = Object.keys(zones).find((name) => plainName(name) === plainName(zoneName));
  if (key === undefined) return overlay.refuse(object, `there is no zone ${zoneName}; add it first`);
  const type = typeName.toUpperCase();
  const records = overlay.list(overlay.group(zones, key), 'records');
  const clash = records.some(
    (item) => isGroup(item) && sameSet(item, owner, type, plainName(zoneName)) && overlay.origins.get(item) !== object,
  );
  if (clash) return overlay.refuse(object, 'the document has records of that name and type; take them away there');
  for (const data of value['data'] as readonly TJson[]) {
    const made = { name: owner, type, ...(value['ttl'] !== undefined && { ttl: value['ttl'] }), data };
    overlay.origins.set(made, object);
    records.push(made);
  }
}

function sameSet(item: TGroup, owner: string, type: string, zone: string): boolean {
  return (
    String(item['type']).toUpperCase() === type &&
    relativeName(String(item['name']), zone) === relativeName(owner, zone)
  );
}

/** Owners are relative to the zone unless they end with a dot. */
function relativeName(name: string, zone: string): string {
  const lower = plainName(name);
  if (!name.endsWith('.')) return lower;
  if (lower === zone) return '@';
  return lower.endsWith(`.${zone}`) ? lower.slice(0, -zone.length - 1) : lower;
}

function originOf(overlay: Overlay, path: readonly PropertyKey[]): IObjectOrigin | undefined {
  let current: unknown = overlay.root;
  let origin: IObjectOrigin | undefined;
  for (const [index, part] of path.entries()) {
    if (typeof current !== 'object' || current === null) break;
    current = (current as Record<PropertyKey, unknown>)[part];
    const found = overlay.origins.get(current);
    // The innermost object counts: a record that was laid into a zone that is an object itself.
    if (found !== undefined) origin = { kind: found.kind, id: found.id, path: path.slice(index + 1) };
  }
  return origin;
}
