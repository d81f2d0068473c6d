/**
 * Tells HTTP from other protocols by the first bytes, where a port carries both.
 *
 * @module
 */
import { METHODS } from 'node:http';
import { latin1 } from '../connection/latin1.ts';
import { SP, TOKEN } from '../http/bytes.ts';

const KNOWN = new Set(METHODS);
const LENGTH_MAX = Math.max(...METHODS.map((method) => method.length));

/** Whether a request begins at `start`: a known method and a blank. Null while there is too little to tell. */
export function beginsRequest(bytes: Buffer, start: number, end: number): boolean | null {
  let at = start;
  const last = Math.min(end, start + LENGTH_MAX);
  while (at < last && TOKEN[bytes[at]!] === 1) at += 1;
  const word = latin1(bytes, start, at);
  if (at < end) return bytes[at] === SP && KNOWN.has(word);
  return METHODS.some((method) => method.startsWith(word)) ? null : false;
}
