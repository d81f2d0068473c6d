/**
 * What both dialects and the memory refuse alike, before it reaches them.
 *
 * @module
 */
import { StoreRequestError } from './errors.ts';
import * as limits from './limits.ts';
import type { IPageRequest, TJson } from './types.ts';

export function pageLimit(page: IPageRequest | undefined): number {
  const limit = page?.limit ?? limits.pageRowsDefault;
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.pageRowsMax)
    throw new StoreRequestError(`page limit ${limit}: use a whole number from 1 to ${limits.pageRowsMax}`);
  return limit;
}

/** The number in a cursor of a list that counts down; larger than every number when there is no cursor. */
export function cursorNumber(page: IPageRequest | undefined): number {
  if (page?.cursor === undefined) return Number.MAX_SAFE_INTEGER;
  if (!/^\d{1,15}$/.test(page.cursor))
    throw new StoreRequestError(`cursor '${page.cursor.slice(0, 40)}' is not one of this list: use 'next' of a page`);
  return Number(page.cursor);
}

/** Cuts the row that was read beyond the page, to know whether there is another one. */
export function toPage<TRow, TItem>(
  rows: readonly TRow[],
  limit: number,
  item: (row: TRow) => TItem,
  cursor: (row: TRow) => string,
): { readonly items: readonly TItem[]; readonly next?: string } {
  const shown = rows.slice(0, limit);
  const items = shown.map((row) => item(row));
  return rows.length > limit ? { items, next: cursor(shown.at(-1)!) } : { items };
}

/** An identifier: not empty, bounded, and without the NUL that PostgreSQL cannot keep. */
export function name(value: string, what: string): string {
  if (value === '') throw new StoreRequestError(`${what} is empty: give it a name`);
  return text(value, what, limits.nameBytesMax);
}

export function text(value: string, what: string, bytesMax = limits.textBytesMax): string {
  if (value.includes('\0')) throw new StoreRequestError(`${what} holds a NUL character: remove it`);
  const bytes = Buffer.byteLength(value);
  if (bytes > bytesMax) throw new StoreRequestError(`${what} has ${bytes} bytes: ${bytesMax} at most`);
  return value;
}

export function json(value: TJson, what: string, bytesMax: number): string {
  return text(JSON.stringify(value), what, bytesMax);
}

export function atMost(count: number, max: number, what: string): void {
  if (count > max) throw new StoreRequestError(`${count} ${what}: ${max} at most; remove some first`);
}
