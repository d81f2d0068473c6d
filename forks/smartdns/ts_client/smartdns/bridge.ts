/**
 * Upstream's bridge to its binary, for callers who used it directly. Here it asks in process.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { rcodes } from '#wire';
import { DnsError } from '../errors/errors.ts';
import type { IResolverEvents } from '../interfaces/events.ts';
import type { TUpstream } from '../interfaces/options.ts';
import { clientLimits } from '../limits/limits.ts';
import { ResolverEngine } from '../resolver/engine.ts';
import { UpstreamPool } from '../upstreams/pool.ts';
import { defaultResolvers } from './options.ts';
import { recordValue } from './values.ts';

export interface IResolveParams {
  name: string;
  recordType: string;
  protocol: 'udp' | 'doh';
  serverAddr?: string;
  dohUrl?: string;
  timeoutMs?: number;
}

export interface IClientDnsAnswer {
  name: string;
  type: string;
  ttl: number;
  value: string;
}

export interface IResolveResult {
  answers: IClientDnsAnswer[];
  adFlag: boolean;
  rcode: number;
}

/** The commands that upstream's binary takes. */
export type TClientDnsCommands = {
  resolve: { params: IResolveParams; result: IResolveResult };
  ping: { params: Record<string, never>; result: { pong: boolean } };
};

/**
 * Asks one resolver for one name.
 *
 * @deprecated Use `Resolver`.
 */
export class RustDnsClientBridge {
  readonly #engine = new ResolverEngine({ cache: false }, new EventEmitter<IResolverEvents>());
  /** By resolver; the least recently added goes first when there are too many. */
  readonly #pools = new Map<string, UpstreamPool>();
  #running = false;

  /** Nothing has to be spawned. */
  ensureSpawned(): Promise<void> {
    this.#running = true;
    return Promise.resolve();
  }

  /** @throws DnsError when the resolver gave no answer at all; its error answers are `rcode`s */
  async resolve(
    name: string,
    recordType: string,
    protocol: 'udp' | 'doh',
    serverAddr?: string,
    dohUrl?: string,
    timeoutMs?: number,
  ): Promise<IResolveResult> {
    this.#running = true;
    const upstreams = protocol === 'udp' ? (serverAddr ?? defaultResolvers.udp) : (dohUrl ?? defaultResolvers.doh);
    try {
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      const { answers, authenticated, rcode } = await this.#engine.resolve(
        this.#pool(typeof upstreams === 'string' ? [upstreams] : upstreams),
        name,
        recordType,
        options,
      );
      return {
        answers: answers.map((record) => ({
          name: record.name,
          type: record.type,
          ttl: record.ttl,
          value: recordValue(record),
        })),
        adFlag: authenticated,
        rcode: rcodes[rcode],
      };
    } catch (error) {
      const rcode = error instanceof DnsError ? rcodes[error.rcode as keyof typeof rcodes] : undefined;
      if (rcode === undefined) throw error;
      return { answers: [], adFlag: false, rcode };
    }
  }

  ping(): Promise<boolean> {
    this.#running = true;
    return Promise.resolve(true);
  }

  /** Closes every handle; a later call opens what it needs again. */
  kill(): void {
    this.#running = false;
    this.#pools.clear();
    this.#engine.release();
  }

  /** Whether it has been used since the last `kill()`. */
  get running(): boolean {
    return this.#running;
  }

  #pool(upstreams: readonly TUpstream[]): UpstreamPool {
    const key = upstreams.map((upstream) => (typeof upstream === 'string' ? upstream : upstream.host)).join(' ');
    let pool = this.#pools.get(key);
    if (pool !== undefined) return pool;
    const [oldest] = this.#pools.keys();
    if (this.#pools.size >= clientLimits.upstreamsMax && oldest !== undefined) {
      this.#engine.removePool(this.#pools.get(oldest) as UpstreamPool);
      this.#pools.delete(oldest);
    }
    pool = this.#engine.addPool(new UpstreamPool(`${key} `, upstreams, {}));
    this.#pools.set(key, pool);
    return pool;
  }
}
