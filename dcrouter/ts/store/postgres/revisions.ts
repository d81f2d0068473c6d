/**
 * Hears of other nodes' changes: a notification wakes at once, and a look at the revision every second is the truth.
 *
 * @module
 */
import { Client } from 'pg';
import * as limits from '../limits.ts';
import { connectionSettings } from './pool.ts';

const CHANNEL = 'dcrouter_revision';

export interface IRevisionWatchOptions {
  readonly url: string;
  readonly node: string;
  /** Looks at the newest revision and tells it; rejects while the database is away. */
  readonly look: () => Promise<void>;
  readonly warn: (fields: object, message: string) => void;
}

/** The statement that wakes the others; sent by PostgreSQL when the transaction commits. */
export const notifyChannel = CHANNEL;

export class RevisionWatch {
  readonly #options: IRevisionWatchOptions;
  #client: Client | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryMs = limits.listenRetryMsMin;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: IRevisionWatchOptions) {
    this.#options = options;
    this.#planPoll();
    void this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#retryTimer);
    const client = this.#client;
    this.#client = undefined;
    await Promise.allSettled([client?.end(), this.#looking]);
  }

  /** One look at a time; what is asked for during one is done after it, once. */
  #look(): void {
    if (this.#stopped) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#pollTimer);
    // A database that is away shows in the statistics, and the next look comes in any case.
    this.#looking = this.#options.look().catch(() => {});
    void this.#looking.then(() => {
      this.#looking = undefined;
      this.#planPoll();
      if (this.#again) this.#look();
    });
    this.#again = false;
  }

  #planPoll(): void {
    if (!this.#stopped) this.#pollTimer = setTimeout(() => this.#look(), limits.revisionPollMs);
  }

  async #listen(): Promise<void> {
    const { url, node, warn } = this.#options;
    const client = new Client({ ...connectionSettings(url, node), query_timeout: limits.answerMs });
    this.#client = client;
    let over = false;
    const lost = (error?: Error): void => {
      if (over) return;
      over = true;
      void endQuietly(client);
      if (this.#stopped) return;
      warn({ err: error, retryMs: this.#retryMs }, 'the connection that listens for revisions is lost');
      this.#retryTimer = setTimeout(() => void this.#listen(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, limits.listenRetryMsMax);
    };
    client.on('error', lost);
    client.on('end', () => lost());
    client.on('notification', () => this.#look());
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#retryMs = limits.listenRetryMsMin;
      // What was changed while nobody listened.
      this.#look();
    } catch (error) {
      lost(error as Error);
    }
  }
}

/** A connection that is lost already has nothing left to say about its end. */
async function endQuietly(client: Client): Promise<void> {
  await client.end().catch(() => {});
}
