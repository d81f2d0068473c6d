/**
 * Pages of lists that are in memory, in the order of a key that items keep: what stays in the list is on exactly one
 * page, whatever comes and goes meanwhile.
 *
 * @module
 */
import { pageItemsDefault } from './limits.ts';
import { ApiError } from './problems.ts';

export interface IPageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface IPageOf<T> {
  readonly items: T[];
  readonly next?: string;
}

/**
 * @param keyOf unique within the list
 * @throws ApiError `DCR_API_CURSOR`
 */
export function pageOf<T>(all: Iterable<T>, keyOf: (item: T) => string, { limit, cursor }: IPageQuery): IPageOf<T> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const keyed = [...all].map((item) => [keyOf(item), item] as const);
  const rest = after === undefined ? keyed : keyed.filter(([key]) => key > after);
  rest.sort(([a], [b]) => (a < b ? -1 : 1));
  const wanted = limit ?? pageItemsDefault;
  const items = rest.slice(0, wanted);
  const last = items.at(-1);
  return {
    items: items.map(([, item]) => item),
    ...(rest.length > wanted && last !== undefined && { next: writeCursor(last[0]) }),
  };
}

export function writeCursor(key: string): string {
  return Buffer.from(`k:${key}`).toString('base64url');
}

/** @throws ApiError `DCR_API_CURSOR` */
export function readCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (text.startsWith('k:') && writeCursor(text.slice(2)) === cursor) return text.slice(2);
  throw new ApiError('DCR_API_CURSOR', 'the cursor is not one that a page of this list ended with; begin without one');
}
