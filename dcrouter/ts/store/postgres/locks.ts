/**
 * Locks over all nodes: PostgreSQL's advisory locks, which end with the connection that holds them.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { StoreLockTimeoutError, StoreUnavailableError } from '../errors.ts';
import * as limits from '../limits.ts';
import type { IHeldLock } from '../sql/backend.ts';
import { connectionSettings } from './pool.ts';

/** lock_not_available: our turn of waiting is over. */
const TURN_OVER = '55P03';

export class AdvisoryLocks {
  readonly #url: string;
  readonly #node: string;
  readonly #open = new Set<Client>();

  constructor(url: string, node: string) {
    this.#url = url;
    this.#node = node;
  }

  /** @throws StoreLockTimeoutError, StoreUnavailableError, or what the driver says */
  async acquire(name: string): Promise<IHeldLock> {
    if (this.#open.size >= limits.lockConnectionsMax)
      throw new StoreUnavailableError(
        `lock '${name}': ${this.#open.size} locks are held or waited for; try again later`,
      );
    const client = new Client({
      ...connectionSettings(this.#url, this.#node),
      lock_timeout: limits.lockTurnMs,
      query_timeout: limits.lockTurnMs + limits.connectMs,
    });
    const lost = new AbortController();
    client.on('error', (error) => lost.abort(error));
    client.on('end', () => lost.abort());
    this.#open.add(client);
    try {
      await client.connect();
      await waitFor(client, name);
    } catch (error) {
      await this.#end(client);
      throw error;
    }
    const heartbeat = setInterval(() => {
      client.query('select 1').catch((error: unknown) => lost.abort(error));
    }, limits.lockHeartbeatMs);
    return {
      signal: lost.signal,
      release: async () => {
        clearInterval(heartbeat);
        // The server frees the lock with the connection, also when an unlock could not reach it.
        await this.#end(client);
      },
    };
  }

  /** Ends waiting and holding alike: the work of the holders hears it from its signal. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((client) => this.#end(client)));
  }

  async #end(client: Client): Promise<void> {
    this.#open.delete(client);
    await client.end().catch(() => {});
  }
}

/** 64 bits of the name's hash: two names meet once in 10^19, and then one only waits for the other. */
function keyOf(name: string): string {
  return createHash('sha256').update(`dcrouter:${name}`).digest().readBigInt64BE().toString();
}

async function waitFor(client: Client, name: string): Promise<void> {
  const untilMs = performance.now() + limits.lockWaitMs;
  while (performance.now() < untilMs) {
    try {
      await client.query('select pg_advisory_lock($1::bigint)', [keyOf(name)]);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== TURN_OVER) throw error;
    }
  }
  throw new StoreLockTimeoutError(`lock '${name}' is still held after ${limits.lockWaitMs} ms; try again later`);
}
