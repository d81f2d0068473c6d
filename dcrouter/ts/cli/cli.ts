/**
 * What every command works with: the API, the way its answers are shown, and its exit code.
 *
 * @module
 */
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { ApiClient, TQuery } from './client/client.ts';
import { clientFor, type IConnectionOptions } from './client/settings.ts';
import { writeAll, type IIo } from './io.ts';
import { cliLimits } from './limits.ts';
import { painterFor, plainText, type TPaint } from './style.ts';
import { table, type IColumn } from './table.ts';

/** A list as the API answers it. */
export interface IPage<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

interface IGlobalOptions extends IConnectionOptions {
  readonly json?: boolean;
}

export interface IListOptions<T> {
  readonly query?: TQuery;
  readonly limit?: number;
  readonly cursor?: string;
  /** Order of what is shown to people; as answered unless given. */
  readonly sort?: (left: T, right: T) => number;
  /** What to say when there is nothing. */
  readonly empty?: string;
}

export class Cli {
  readonly io: IIo;
  readonly paint: TPaint;
  /** 1 after something that was not an error of the command and still must be seen by scripts. */
  exitCode = 0;
  readonly #program: Command;

  constructor(program: Command, io: IIo) {
    this.#program = program;
    this.io = io;
    this.paint = painterFor(io);
  }

  get json(): boolean {
    return this.#options.json === true;
  }

  /** Characters of a line; no bound where nobody looks. */
  get width(): number {
    return this.io.out.isTTY === true ? (this.io.out.columns ?? cliLimits.columns) : Infinity;
  }

  get #options(): IGlobalOptions {
    return this.#program.opts<IGlobalOptions>();
  }

  /** Whether somebody said which router is meant. */
  get urlGiven(): boolean {
    return (this.#options.url ?? this.io.env['DCROUTER_URL']) !== undefined;
  }

  /** @param url where the API is when neither options nor the environment say so */
  async client(url?: string): Promise<ApiClient> {
    const client = await clientFor(
      { ...(url !== undefined && !this.urlGiven && { url }), ...this.#options },
      this.io.env,
    );
    const { hostname, protocol } = client.url;
    const local = /^(?:localhost|127\.|\[::1\])/.test(hostname);
    if (protocol === 'http:' && !local && client.hasToken)
      await this.note(`the token goes to ${client.url.host} unprotected; use https`);
    return client;
  }

  /** A line of the result. */
  async say(text: string): Promise<void> {
    await writeAll(this.io.out, `${text}\n`);
  }

  /** A line about the work, not part of the result. */
  async note(text: string): Promise<void> {
    await writeAll(this.io.err, `dcrouter: ${text}\n`);
  }

  /** An answer: as it came with `--json`, otherwise as `human` tells it, by default as YAML. */
  async show<T>(answer: T, human: (answer: T) => string = yamlOf): Promise<void> {
    await this.say(this.json ? JSON.stringify(answer, null, 2) : human(answer));
  }

  /** One item of a stream: a line of JSON, or what `human` makes of it. */
  async item<T>(value: T, human: (value: T) => string): Promise<void> {
    await this.say(this.json ? JSON.stringify(value) : human(value));
  }

  /** All pages of a list, or as much as was asked for. */
  async list<T>(path: string, columns: ReadonlyArray<IColumn<T>>, options: IListOptions<T> = {}): Promise<void> {
    const page = await fetchPages<T>(await this.client(), path, options);
    if (this.json) return await this.say(JSON.stringify(page, null, 2));
    await this.table(
      options.sort === undefined ? page.items : page.items.toSorted(options.sort),
      columns,
      options.empty,
    );
    if (page.next !== undefined) await this.note(`there are more; go on with --cursor ${page.next}`);
  }

  async table<T>(items: readonly T[], columns: ReadonlyArray<IColumn<T>>, empty = 'none'): Promise<void> {
    if (items.length === 0) return await this.note(empty);
    await this.say(table(items, columns, { width: this.width, paint: this.paint }));
  }
}

/** Pages one after another until the end or the limit. */
export async function fetchPages<T>(
  client: ApiClient,
  path: string,
  { query = {}, limit = cliLimits.listItems, cursor }: Pick<IListOptions<T>, 'query' | 'limit' | 'cursor'>,
): Promise<IPage<T>> {
  const items: T[] = [];
  let next = cursor;
  do {
    const wanted = Math.min(limit - items.length, cliLimits.pageItems);
    const page: IPage<T> = await client.get(path, { query: { ...query, limit: wanted, cursor: next } });
    items.push(...page.items);
    next = page.next;
  } while (next !== undefined && items.length < limit);
  return { items, ...(next !== undefined && { next }) };
}

/** For people; control characters in it do not reach the terminal. */
export function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd().split('\n').map(plainText).join('\n');
}
