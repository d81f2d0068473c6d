/**
 * The zones of a server.
 *
 * @module
 */
import { normalizeName, parentName } from '#wire';
import { zonesMax } from '../limits/zone.ts';
import type { Zone } from './zone.ts';

/** Zones by origin. */
export class ZoneTable {
  readonly #zones = new Map<string, Zone>();
  readonly #unsubscribe = new Map<string, () => void>();
  #version = 0;

  /** Rises with every change of the table and of any zone in it. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#zones.size;
  }

  /**
   * Adds a zone, or puts it in the place of the one with the same origin at once.
   *
   * @throws RangeError when there are too many zones.
   */
  add(zone: Zone): void {
    if (!this.#zones.has(zone.origin) && this.#zones.size >= zonesMax) {
      throw new RangeError(`there are already ${zonesMax} zones`);
    }
    this.#unsubscribe.get(zone.origin)?.();
    this.#zones.set(zone.origin, zone);
    this.#unsubscribe.set(
      zone.origin,
      zone.onChange(() => this.#version++),
    );
    this.#version++;
  }

  remove(origin: string): boolean {
    const name = normalizeName(origin);
    if (!this.#zones.delete(name)) return false;
    this.#unsubscribe.get(name)?.();
    this.#unsubscribe.delete(name);
    this.#version++;
    return true;
  }

  get(origin: string): Zone | undefined {
    return this.#zones.get(normalizeName(origin));
  }

  values(): IterableIterator<Zone> {
    return this.#zones.values();
  }

  /**
   * The zone that answers a question: the one with the longest origin above the name. DS records are on the parent's
   * side of a cut (RFC 4035 §3.1.4.1), so the parent answers for them where it is here too.
   *
   * @param name in normal form.
   */
  find(name: string, type: string): Zone | undefined {
    if (this.#zones.size === 0) return undefined;
    const zone = this.#closest(name);
    if (type !== 'DS' || zone === undefined || zone.origin !== name || name === '.') return zone;
    return this.#closest(parentName(name)) ?? zone;
  }

  #closest(name: string): Zone | undefined {
    let at = name;
    for (;;) {
      const zone = this.#zones.get(at);
      if (zone !== undefined || at === '.') return zone;
      at = parentName(at);
    }
  }
}
