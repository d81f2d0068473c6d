/**
 * Connections to PostgreSQL. One that timed out or broke is never used again.
 *
 * @module
 */
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { Pool, types, type PoolClient, type PoolConfig } from 'pg';
import { StoreUnavailableError } from '../errors.ts';
import * as limits from '../limits.ts';
import { breaksConnection } from './errors.ts';

const INT8 = 20;

/** The driver's own parsers, by any type's number: its declaration knows the built-in ones only. */
const driverTypes = types as { getTypeParser(oid: number, format?: string): unknown };

/** The store's numbers are milliseconds, revisions and counts: all far below 2^53. */
const parsers = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 && format !== 'binary' ? Number : driverTypes.getTypeParser(oid, format),
} as PoolConfig['types'];

/** What every connection of the store has in common. */
export function connectionSettings(url: string, node: string) {
  return {
    connectionString: url,
    application_name: `dcrouter/${node}`.slice(0, 63),
    connectionTimeoutMillis: limits.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: limits.keepAliveMs,
    types: parsers,
  };
}

export interface IGuardedPoolOptions {
  readonly url: string;
  readonly node: string;
  /** As messages show it. */
  readonly server: string;
  readonly size: number;
  /** Told of errors of connections that nobody uses at the moment. */
  readonly idleFailed: (error: Error) => void;
}

export class GuardedPool implements PostgresPool {
  readonly #pool: Pool;
  readonly #server: string;
  readonly #broken = new WeakMap<PoolClient, Error>();
  #ending: Promise<void> | undefined;

  constructor({ url, node, server, size, idleFailed }: IGuardedPoolOptions) {
    this.#server = server;
    this.#pool = new Pool({
      ...connectionSettings(url, node),
      max: size,
      statement_timeout: limits.statementMs,
      idle_in_transaction_session_timeout: limits.statementMs,
      query_timeout: limits.answerMs,
    });
    this.#pool.on('error', idleFailed);
    // For the connection's whole life: the pool takes its own listener off a promise's turn before the caller has the
    // connection, and a server that is shutting down says so in the same packet in which it says that it is ready.
    this.#pool.on('connect', (client) => {
      client.on('error', (error) => {
        if (!this.#broken.has(client)) this.#broken.set(client, error);
      });
    });
  }

  get options(): PostgresPool['options'] {
    return this.#pool.options as PostgresPool['options'];
  }

  /** @throws StoreUnavailableError whatever the reason: without a connection there is no store now */
  async connect(): Promise<PostgresPoolClient> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      const { message, code } = error as { message: string; code?: string };
      // Several addresses that all refuse are one error without a message.
      const why = message === '' ? code : message;
      throw new StoreUnavailableError(`${this.#server}: no connection: ${why}`, { cause: error });
    }
    return new GuardedClient(client, this.#broken);
  }

  end(): Promise<void> {
    this.#ending ??= this.#pool.end();
    return this.#ending;
  }
}

class GuardedClient implements PostgresPoolClient {
  readonly #client: PoolClient;
  readonly #broken: WeakMap<PoolClient, Error>;

  constructor(client: PoolClient, broken: WeakMap<PoolClient, Error>) {
    this.#client = client;
    this.#broken = broken;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query(sql: unknown, parameters?: readonly unknown[]): unknown {
    return this.#query(sql as string, parameters ?? []);
  }

  release(): void {
    this.#client.release(this.#broken.get(this.#client));
  }

  async #query(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    // The roll-back after a time-out would wait behind the statement that timed out.
    const broken = this.#broken.get(this.#client);
    if (broken) throw broken;
    try {
      return await this.#client.query(sql, [...parameters]);
    } catch (error) {
      if (breaksConnection(error)) this.#broken.set(this.#client, error as Error);
      throw error;
    }
  }
}
