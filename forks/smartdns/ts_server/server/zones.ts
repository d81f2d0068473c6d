/**
 * The zones of a server and their signing, as its users handle them.
 *
 * @module
 */
import { normalizeName, type IDsData } from '#wire';
import { ZoneSigner, FileKeyStorage } from '../dnssec/index.ts';
import type { Signing, TSigningOptions } from '../pipeline/signing.ts';
import {
  Zone,
  type IZoneOptions,
  type IZoneRecordFilter,
  type IZoneRecordInput,
  type ZoneTable,
} from '../zone/index.ts';

/** How a zone is signed. */
export interface IDnssecOptions extends TSigningOptions {
  /** Folder for the keys; wins over `storage`. Without either, keys end with the process. */
  keyFolder?: string;
}

/** Options of {@link DnsZones.load}. */
export interface ILoadZoneOptions {
  origin: string;
  /** Seconds for records without a TTL, unless `$TTL` says otherwise. */
  defaultTtl?: number;
  /** Name of the file, for error messages and `$INCLUDE`. */
  file?: string;
  /** Reads a file named by `$INCLUDE`; without it `$INCLUDE` is an error. */
  include?: Parameters<typeof Zone.fromText>[1]['include'];
}

export class DnsZones {
  readonly #table: ZoneTable;
  readonly #signing: Signing;

  constructor(table: ZoneTable, signing: Signing) {
    this.#table = table;
    this.#signing = signing;
  }

  /**
   * Adds a zone, or puts it in the place of the one with the same origin, between two queries.
   *
   * @throws ZoneError for records that make no zone, RangeError past the limit of zones
   */
  add(zone: Zone | IZoneOptions): Zone {
    const made = zone instanceof Zone ? zone : new Zone(zone);
    if (this.#signing.get(made.origin) !== undefined && this.#table.get(made.origin) !== made) {
      throw new Error(`${made.origin} is signed: change its zone with update() or replace(), or unsign it first`);
    }
    this.#table.add(made);
    return made;
  }

  /**
   * Adds a zone from a master file (RFC 1035 §5).
   *
   * @throws ZoneError with every problem and its line
   */
  load(text: string, options: ILoadZoneOptions): Zone {
    return this.add(Zone.fromText(text, options));
  }

  get(origin: string): Zone | undefined {
    return this.#table.get(origin);
  }

  /** Takes a zone and its signing away. */
  remove(origin: string): boolean {
    this.#signing.delete(origin);
    return this.#table.remove(origin);
  }

  list(): Zone[] {
    return [...this.#table.values()];
  }

  /** Whether a name is in one of the zones. */
  covers(name: string): boolean {
    return this.#table.find(normalizeName(name), 'A') !== undefined;
  }

  /**
   * Adds a record to the zone that its name is in.
   *
   * @throws RangeError when there is no such zone, ZoneError for a record that cannot be
   */
  addRecord(record: IZoneRecordInput): void {
    this.#zoneOf(record.name, record.type).addRecord(record);
  }

  /** Removes the records that match from the zone that the name is in; returns how many there were. */
  removeRecord(filter: IZoneRecordFilter): number {
    return this.#zoneOf(filter.name, filter.type ?? 'A').removeRecord(filter);
  }

  /**
   * Signs a zone from now on; a second call opens its keys anew. A name that is no zone here is signed too, with
   * compact denial: that is how answers of handlers are signed.
   */
  async sign(origin: string, options: IDnssecOptions = {}): Promise<ZoneSigner> {
    const { keyFolder, ...rest } = options;
    const storage = keyFolder === undefined ? rest.storage : new FileKeyStorage(keyFolder);
    const signer = await ZoneSigner.open({ ...rest, storage, origin, zone: this.#table.get(origin) });
    this.#signing.set(signer);
    return signer;
  }

  /** Ceases to sign; the keys stay where they are stored. */
  unsign(origin: string): boolean {
    this.#signing.get(origin)?.detach();
    return this.#signing.delete(origin);
  }

  /** The signer of a signed zone: its keys, their replacement, its statistics. */
  signer(origin: string): ZoneSigner | undefined {
    return this.#signing.get(origin);
  }

  /** DS data for the parent; empty for a zone that is not signed. */
  ds(origin: string): IDsData[] {
    return this.#signing.get(origin)?.ds() ?? [];
  }

  #zoneOf(name: string, type: string): Zone {
    const zone = this.#table.find(normalizeName(name), type);
    if (zone === undefined) {
      throw new RangeError(`${name} is in none of the zones; add its zone first`);
    }
    return zone;
  }
}
