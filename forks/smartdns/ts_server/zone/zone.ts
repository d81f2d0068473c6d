/**
 * A zone: the records under one apex, looked up and changed as a whole.
 *
 * @module
 */
import { canonicalKey, findTypeNumber, formatZone, normalizeName, parentName, parseZone, typeToName } from '#wire';
import type { IParseZoneOptions, IResourceRecord, ISoaData } from '#wire';
import {
  soaExpireSeconds,
  soaMinimumSeconds,
  soaRefreshSeconds,
  soaRetrySeconds,
  soaTtlSeconds,
} from '../limits/index.ts';
import { zoneErrorsKept } from '../limits/zone.ts';
import { ZoneError } from './errors.ts';
import type { IZoneProblem } from './errors.ts';
import type { IRrset, IZoneLookup, IZoneOptions, IZoneRecordFilter, IZoneRecordInput } from './interfaces.ts';
import { lookUp } from './lookup.ts';
import { ZoneTree } from './node.ts';
import {
  RecordProblem,
  dataKey,
  dnameAbove,
  isSigningType,
  makeRrset,
  problemsAt,
  problemsOfZone,
  toZoneRecord,
} from './rules.ts';
import { isNewerSerial, nextSerial } from './serial.ts';
import type { TSerialPolicy } from './serial.ts';

/** Changes that are made together or not at all. */
export interface IZoneChanges {
  add(record: IZoneRecordInput): void;
  remove(filter: IZoneRecordFilter): void;
}

/**
 * The records under one apex.
 *
 * Every change is made whole or not at all: it is checked against what may be in a zone, a refused one leaves the zone
 * as it was, and an accepted one moves the serial on once.
 *
 * @example
 * ```ts
 * const zone = new Zone({ origin: 'example.com', nameservers: ['ns1.example.com'] });
 * zone.addRecord({ name: 'ns1.example.com', type: 'A', data: '192.0.2.1' });
 * zone.lookup('www.example.com', 'A').kind; // 'nxdomain'
 * ```
 */
export class Zone {
  readonly origin: string;
  readonly defaultTtl: number;
  readonly #serialPolicy: TSerialPolicy;
  readonly #nowMs: () => number;
  #tree: ZoneTree;
  #version = 1;
  /** Sets that signing keeps at the apex, by type. */
  readonly #managed = new Map<string, IRrset>();
  readonly #listeners = new Set<() => void>();

  /** @throws ZoneError */
  constructor(options: IZoneOptions) {
    this.origin = normalizeName(options.origin);
    this.defaultTtl = options.defaultTtl ?? soaTtlSeconds;
    this.#serialPolicy = options.serialPolicy ?? 'increment';
    this.#nowMs = options.nowMs ?? Date.now;
    const inputs = [...(options.records ?? [])];
    for (const server of options.nameservers ?? []) inputs.push({ name: '@', type: 'NS', data: server });
    if (options.soa !== undefined || !inputs.some((input) => input.type.toUpperCase() === 'SOA')) {
      inputs.push({ name: '@', type: 'SOA', ttl: soaTtlSeconds, data: this.#soaData(options) });
    }
    this.#tree = this.#build(inputs.map((input) => ({ input })));
  }

  #soaData(options: IZoneOptions): ISoaData {
    const at = this.origin === '.' ? '' : `.${this.origin}`;
    return {
      mname: options.nameservers?.[0] ?? `ns1${at}`,
      rname: `hostmaster${at}`,
      serial: 1,
      refresh: soaRefreshSeconds,
      retry: soaRetrySeconds,
      expire: soaExpireSeconds,
      minimum: soaMinimumSeconds,
      ...options.soa,
    };
  }

  /**
   * A zone from a master file. Signatures and denial records in it are left out: the server makes its own.
   *
   * @throws ZoneError with every problem and its line.
   */
  static fromText(
    text: string,
    options: Omit<IZoneOptions, 'soa' | 'nameservers' | 'records'> & Pick<IParseZoneOptions, 'include' | 'file'>,
  ): Zone {
    const { origin, defaultTtl, include, file } = options;
    const parsed = parseZone(text, { origin, defaultTtl, include, file });
    if (parsed.errors.length > 0) {
      throw new ZoneError(
        origin,
        parsed.errors.map((error) => ({ reason: 'text', ...error })),
      );
    }
    const zone = new Zone({ ...options, nameservers: ['invalid'] });
    zone.#tree = zone.#build(
      parsed.records
        .map((input, index) => ({ input, line: parsed.lines[index], file }))
        .filter(({ input }) => !isSigningType(input.type)),
    );
    return zone;
  }

  /** Rises with every change. Whatever was made from the zone before is void. */
  get version(): number {
    return this.#version;
  }

  get serial(): number {
    return (this.soa.data as ISoaData).serial;
  }

  get soa(): IResourceRecord {
    return this.#tree.get(this.origin, 'SOA')!.records[0]!;
  }

  /** Records, those that signing keeps at the apex included. */
  get recordCount(): number {
    return this.#tree.records;
  }

  /** The tree for reading. */
  get tree(): ZoneTree {
    return this.#tree;
  }

  /** What a question finds. `qtype` is a mnemonic or `TYPEn`; letter case of the name does not matter. */
  lookup(qname: string, qtype: string): IZoneLookup {
    return lookUp(this.#tree, qname, qtype);
  }

  /** The set of a name and type, or undefined. */
  rrset(name: string, type: string): IRrset | undefined {
    return this.#tree.get(normalizeName(name), type);
  }

  /** All records: the SOA first, owners in canonical order (RFC 4034 §6.1), types by number. */
  records(): IResourceRecord[] {
    const nodes = [...this.#tree.nodes.values()].map((node) => ({ node, key: canonicalKey(node.name) }));
    nodes.sort((left, right) => (left.key < right.key ? -1 : 1));
    return nodes.flatMap(({ node }) => {
      const sets = [...node.sets.values()].sort((left, right) => typeOrder(left.type) - typeOrder(right.type));
      return sets.flatMap((set) => set.records);
    });
  }

  /** The zone as a master file. */
  toText(): string {
    return formatZone(this.records());
  }

  /** @throws ZoneError */
  addRecord(record: IZoneRecordInput): void {
    this.update((changes) => changes.add(record));
  }

  /**
   * Removes the records that match; returns how many there were.
   *
   * @throws ZoneError when the zone could not be without them.
   */
  removeRecord(filter: IZoneRecordFilter): number {
    const before = this.#tree.records;
    this.update((changes) => changes.remove(filter));
    return before - this.#tree.records;
  }

  /**
   * Several changes with one new serial.
   *
   * @throws ZoneError; then nothing is changed.
   */
  update(make: (changes: IZoneChanges) => void): void {
    const before = new Map<string, IRrset>();
    const problems: IZoneProblem[] = [];
    const put = (set: IRrset): void => {
      const key = `${set.type} ${set.name}`;
      const old = this.#tree.get(set.name, set.type) ?? emptySet(set.name, set.type);
      if (!before.has(key)) before.set(key, old);
      this.#tree.set(set);
    };
    try {
      make({
        add: (record) => collect(problems, () => this.#add(record, put)),
        remove: (filter) => collect(problems, () => this.#remove(filter, put)),
      });
      if (problems.length === 0) problems.push(...this.#check(before.values()));
      if (problems.length > 0) throw new ZoneError(this.origin, problems.slice(0, zoneErrorsKept));
    } catch (error) {
      for (const set of before.values()) this.#tree.set(set);
      throw error;
    }
    const changed = [...before.values()].some((set) => !sameSet(set, this.#tree.get(set.name, set.type)));
    if (changed) this.#commit(before.has(`SOA ${this.origin}`));
  }

  /**
   * Puts these records in place of all others. The serial moves on from the present one, unless the new SOA's is newer.
   *
   * @throws ZoneError; then nothing is changed.
   */
  replace(records: readonly IZoneRecordInput[]): void {
    const serial = this.serial;
    const inputs = records.filter((input) => !isSigningType(input.type.toUpperCase()));
    if (!inputs.some((input) => input.type.toUpperCase() === 'SOA')) inputs.push({ ...this.soa });
    const tree = this.#build(inputs.map((input) => ({ input })));
    for (const set of this.#managed.values()) tree.set(set);
    this.#tree = tree;
    const given = this.serial;
    this.#setSerial(serial);
    this.#commit(false, given);
  }

  /**
   * Keeps sets at the apex on behalf of signing, by type: DNSKEY, CDS, CDNSKEY, NSEC3PARAM. An empty list takes a set
   * away. The serial moves on once when any of them differs from what is there.
   */
  setManaged(sets: ReadonlyMap<string, readonly IResourceRecord[]>): void {
    let changed = false;
    for (const [type, records] of sets) {
      const set = records.length === 0 ? emptySet(this.origin, type) : makeRrset(this.origin, type, records);
      if (records.length === 0) this.#managed.delete(type);
      else this.#managed.set(type, set);
      if (sameSet(set, this.#tree.get(this.origin, type))) continue;
      this.#tree.set(set);
      changed = true;
    }
    if (changed) this.#commit(false);
  }

  /** Calls back after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(input: IZoneRecordInput, put: (set: IRrset) => void): void {
    const record = toZoneRecord(input, this.origin, this.defaultTtl);
    if (this.#managed.has(record.type) && record.name === this.origin) {
      throw new RecordProblem('type', `${record.type} records at the apex are kept by signing`);
    }
    const hidden = dnameAbove(this.#tree, this.#ancestors(record.name));
    if (hidden !== null) throw new RecordProblem('dname', `${record.name} is below the DNAME at ${hidden}`);
    const { name, type } = record;
    // The SOA is one: a new one takes the old one's place. Else the new TTL is the set's (RFC 2136 §3.4.2.2).
    const present = type === 'SOA' ? [] : (this.#tree.get(name, type)?.records ?? []);
    put(makeRrset(name, type, [...present, record], record.ttl));
  }

  #remove(filter: IZoneRecordFilter, put: (set: IRrset) => void): void {
    const name = filter.name === '@' ? this.origin : normalizeName(filter.name);
    const node = this.#tree.nodes.get(name);
    if (node === undefined) return;
    const wanted = filter.type === undefined ? null : typeToName(Math.max(findTypeNumber(filter.type), 0));
    const { data } = filter;
    for (const set of node.sets.values()) {
      if (wanted !== null && set.type !== wanted) continue;
      // The SOA, and what signing keeps, go only with the zone.
      if (name === this.origin && (set.type === 'SOA' || this.#managed.has(set.type))) continue;
      if (data === undefined) {
        put(emptySet(name, set.type));
        continue;
      }
      const key = dataKey(toZoneRecord({ name, type: set.type, data }, this.origin, 0));
      const rest = set.records.filter((record) => dataKey(record) !== key);
      if (rest.length === set.records.length) continue;
      put(rest.length === 0 ? emptySet(name, set.type) : makeRrset(name, set.type, rest));
    }
  }

  #ancestors(name: string): string[] {
    const names: string[] = [];
    for (let at = name; at !== this.origin;) {
      at = parentName(at);
      names.push(at);
    }
    return names;
  }

  #check(changed: Iterable<IRrset>): IZoneProblem[] {
    const names = new Set([...changed].map((set) => set.name));
    return [...[...names].flatMap((name) => problemsAt(this.#tree, name)), ...problemsOfZone(this.#tree)];
  }

  #build(inputs: ReadonlyArray<{ input: IZoneRecordInput; line?: number; file?: string }>): ZoneTree {
    const tree = new ZoneTree(this.origin);
    const problems: IZoneProblem[] = [];
    const groups = new Map<string, IResourceRecord[]>();
    for (const { input, line, file } of inputs) {
      collect(
        problems,
        () => {
          const record = toZoneRecord(input, this.origin, this.defaultTtl);
          const key = `${record.type} ${record.name}`;
          const group = groups.get(key);
          if (group === undefined) groups.set(key, [record]);
          else group.push(record);
        },
        line,
        file,
      );
    }
    for (const group of groups.values()) tree.set(makeRrset(group[0]!.name, group[0]!.type, group));
    for (const name of tree.nodes.keys()) problems.push(...problemsAt(tree, name));
    problems.push(...problemsOfZone(tree));
    if (problems.length > 0) throw new ZoneError(this.origin, problems.slice(0, zoneErrorsKept));
    return tree;
  }

  #commit(serialGiven: boolean, atLeast?: number): void {
    if (!serialGiven) this.#setSerial(nextSerial(this.serial, this.#serialPolicy, this.#nowMs()), atLeast);
    this.#version++;
    for (const listener of this.#listeners) listener();
  }

  #setSerial(serial: number, atLeast?: number): void {
    const { soa } = this;
    const newest = atLeast !== undefined && isNewerSerial(atLeast, serial) ? atLeast : serial;
    const record = Object.freeze({ ...soa, data: { ...(soa.data as ISoaData), serial: newest } });
    this.#tree.set(makeRrset(this.origin, 'SOA', [record]));
  }
}

function collect(problems: IZoneProblem[], act: () => void, line?: number, file?: string): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof RecordProblem)) throw error;
    problems.push(line === undefined ? error.problem : { ...error.problem, line, file });
  }
}

function emptySet(name: string, type: string): IRrset {
  return Object.freeze({ name, type, ttl: 0, records: Object.freeze([]) });
}

function sameSet(left: IRrset, right: IRrset | undefined): boolean {
  if (right === undefined) return left.records.length === 0;
  if (left.ttl !== right.ttl || left.records.length !== right.records.length) return false;
  const keys = new Set(left.records.map(dataKey));
  return right.records.every((record) => keys.has(dataKey(record)));
}

function typeOrder(type: string): number {
  return type === 'SOA' ? 0 : findTypeNumber(type);
}
