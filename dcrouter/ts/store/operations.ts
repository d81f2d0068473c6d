/**
 * Every call of the store goes through here: counted, timed, bounded, and refused after the end.
 *
 * @module
 */
import { LatencyHistogram } from '@dcrouter/metrics';
import { StoreUnavailableError } from './errors.ts';
import * as limits from './limits.ts';
import type { IStoreDropped, IStoreStats } from './types.ts';

/** The operations that are counted, from zero on. */
export const operationNames = [
  'objects.load',
  'objects.revision',
  'objects.change',
  'versions.append',
  'versions.settle',
  'versions.active',
  'versions.get',
  'versions.list',
  'tokens.create',
  'tokens.bySecretHash',
  'tokens.touch',
  'tokens.remove',
  'tokens.list',
  'audit.append',
  'audit.list',
  'materials.get',
  'materials.put',
  'materials.remove',
  'materials.names',
  'history.append',
  'history.range',
  'history.prune',
  'lock',
  'poll',
  'backup',
] as const;
export type TOperation = (typeof operationNames)[number];

interface ICounted {
  done: number;
  failed: number;
  readonly latency: LatencyHistogram;
}

export class Operations {
  /** Whether the last operation reached the store. */
  reachable = true;
  readonly dropped: { -readonly [K in keyof IStoreDropped]: number } = {
    audit: 0,
    versions: 0,
    history: 0,
    refused: 0,
  };
  readonly #counted = new Map<TOperation, ICounted>();
  #underWay = 0;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor() {
    for (const name of operationNames) this.#counted.set(name, { done: 0, failed: 0, latency: new LatencyHistogram() });
  }

  /**
   * Runs one operation.
   *
   * @throws StoreUnavailableError after {@link end}, and when too many are under way
   */
  async run<T>(name: TOperation, work: () => T | Promise<T>): Promise<T> {
    const counted = this.#counted.get(name)!;
    const refusal = this.#refusal(name);
    if (refusal !== undefined) {
      counted.failed += 1;
      throw refusal;
    }
    this.#underWay += 1;
    const startMs = performance.now();
    try {
      const result = await work();
      counted.done += 1;
      this.reachable = true;
      return result;
    } catch (error) {
      counted.failed += 1;
      this.reachable = !(error instanceof StoreUnavailableError);
      throw error;
    } finally {
      counted.latency.observe((performance.now() - startMs) / 1000);
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Refuses new operations; resolves when those under way are over. */
  async end(): Promise<void> {
    this.#closed = true;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  stats(schemaVersion: number): IStoreStats {
    const operations = [...this.#counted].map(([name, { done, failed, latency }]) => [
      name,
      { done, failed, sumSeconds: latency.sum, buckets: latency.cumulative(limits.latencyBoundsSeconds) },
    ]);
    return {
      operations: Object.fromEntries(operations) as IStoreStats['operations'],
      dropped: { ...this.dropped },
      reachable: this.reachable,
      schemaVersion,
    };
  }

  #refusal(name: TOperation): StoreUnavailableError | undefined {
    if (this.#closed) return new StoreUnavailableError(`${name}: the store is closed`);
    if (this.#underWay < limits.operationsMax) return undefined;
    this.dropped.refused += 1;
    return new StoreUnavailableError(`${name}: ${this.#underWay} operations are under way; try again later`);
  }
}
