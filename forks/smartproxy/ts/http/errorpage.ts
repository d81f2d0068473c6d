/**
 * The proxy's own responses: short, plain, without a product banner.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { PolicyHeaders } from '../policy/headers.ts';

/** What a response of the proxy itself says beside its status. */
export interface ILocalResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Header lines with CRLF, beside `headers`. */
  readonly lines?: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Set when `lines` hold a request id already. */
  readonly hasId?: boolean;
}

const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

let dateText = '';
let dateSecond = 0;

/** The value of Date (RFC 9110 §6.6.1), made once per second. */
export function httpDate(): string {
  const nowMs = Date.now();
  const second = Math.floor(nowMs / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(nowMs).toUTCString();
  }
  return dateText;
}

/**
 * The whole response as latin1 text.
 *
 * @param ours the Connection line and others that nobody changes, or empty
 * @param edits what a policy changes about the fields
 */
export function responseText(
  response: ILocalResponse,
  isHead: boolean,
  ours: string,
  edits: PolicyHeaders | null,
): string {
  const { status, headers = {} } = response;
  const phrase = STATUS_CODES[status] ?? '';
  // RFC 9110 §8.6: neither has a body, and a 204 no Content-Length either.
  const isEmpty = status === NO_CONTENT || status === NOT_MODIFIED;
  let lines = '';
  for (const [name, value] of Object.entries(headers)) lines += `${name}: ${oneLine(value)}\r\n`;
  lines += response.lines ?? '';
  if (!/^date:/im.test(lines)) lines = `Date: ${httpDate()}\r\n${lines}`;
  if (!isEmpty && !/^content-type:/im.test(lines)) {
    lines += `Content-Type: ${response.contentType ?? 'text/plain; charset=utf-8'}\r\n`;
  }
  const text = `HTTP/1.1 ${status} ${phrase}\r\n${edits === null ? lines : edits.appendTo(lines)}`;
  if (isEmpty) return `${text}${ours}\r\n`;
  const body = Buffer.from(response.body ?? `${phrase}\n`, 'utf8').toString('latin1');
  const head = `${text}Content-Length: ${body.length}\r\n${ours}\r\n`;
  return isHead ? head : head + body;
}

/** Heads are latin1 lines: what could end one, or be cut to such a byte, is left out. */
function oneLine(value: string): string {
  return value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
}
