/**
 * Heads as they are forwarded: the original bytes in ranges, hop-by-hop fields left out, ours appended.
 *
 * @module
 */
import { FIELD_STRIDE } from './head.ts';
import type { Head } from './head.ts';
import type { RequestInfo } from './request.ts';
import type { ResponseInfo } from './response.ts';

/** The kept field lines of a head, in their order, as one text. */
function keptFields(text: string, head: Head, drop: Uint8Array, drops: number, from: number): string {
  const base = head.start;
  const { ranges } = head;
  const end = head.end - 2;
  if (drops === 0) return text.slice(from - base, end - base);
  let kept = '';
  let runStart = from;
  for (let at = 0; at < head.fieldCount; at += 1) {
    if (drop[at] === 0) continue;
    const lineStart = ranges[at * FIELD_STRIDE]!;
    if (lineStart > runStart) kept += text.slice(runStart - base, lineStart - base);
    runStart = ranges[at * FIELD_STRIDE + 4]!;
  }
  return runStart < end ? kept + text.slice(runStart - base, end - base) : kept;
}

/**
 * The request head for the target. `tail` holds the fields that we add, each with CRLF; `target` replaces the request
 * target when it is not the one that came.
 */
export function forwardRequestHead(info: RequestInfo, head: Head, target: string, tail: string): string {
  const unchanged = head.minorVersion === 1 && !info.absolute && target === info.target;
  const from = unchanged ? head.start : head.fieldsStart;
  const kept = keptFields(info.text, head, info.drop, info.drops, from);
  const line = unchanged ? '' : `${info.method} ${target} HTTP/1.1\r\n`;
  if (info.chunked) return `${line}${kept}Transfer-Encoding: chunked\r\n${tail}\r\n`;
  return `${line}${kept}${tail}\r\n`;
}

/** The response head for the client; `tail` as above. */
export function forwardResponseHead(info: ResponseInfo, head: Head, tail: string): string {
  if (head.minorVersion === 1) return `${keptFields(info.text, head, info.drop, info.drops, head.start)}${tail}\r\n`;
  const line = `HTTP/1.1${info.text.slice('HTTP/1.x'.length, head.fieldsStart - head.start)}`;
  return `${line}${keptFields(info.text, head, info.drop, info.drops, head.fieldsStart)}${tail}\r\n`;
}

/** The value of a field by its lower-case name; repeated fields joined by `, ` (RFC 9110 §5.3). */
export function fieldValue(text: string, head: Head, name: string): string | undefined {
  const base = head.start;
  let value: string | undefined;
  for (let at = 0; at < head.fieldCount; at += 1) {
    const range = at * FIELD_STRIDE;
    const nameStart = head.ranges[range]!;
    const nameEnd = head.ranges[range + 1]!;
    if (nameEnd - nameStart !== name.length) continue;
    if (text.slice(nameStart - base, nameEnd - base).toLowerCase() !== name) continue;
    const found = text.slice(head.ranges[range + 2]! - base, head.ranges[range + 3]! - base);
    value = value === undefined ? found : `${value}, ${found}`;
  }
  return value;
}
