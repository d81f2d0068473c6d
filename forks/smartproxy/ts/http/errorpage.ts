/**
 * The proxy's own responses: short, plain, without a product banner.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';

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

/** The whole response as latin1 text; `persistence` is the Connection line, or empty. */
export function responseText(response: ILocalResponse, isHead: boolean, persistence: string): string {
  const { status, headers = {} } = response;
  const phrase = STATUS_CODES[status] ?? '';
  let text = `HTTP/1.1 ${status} ${phrase}\r\nDate: ${httpDate()}\r\n`;
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${oneLine(value)}\r\n`;
  text += response.lines ?? '';
  // RFC 9110 §8.6: neither has a body, and a 204 no Content-Length either.
  if (status === NO_CONTENT || status === NOT_MODIFIED) return `${text}${persistence}\r\n`;
  const body = Buffer.from(response.body ?? `${phrase}\n`, 'utf8').toString('latin1');
  if (!hasContentType(headers)) text += `Content-Type: ${response.contentType ?? 'text/plain; charset=utf-8'}\r\n`;
  text += `Content-Length: ${body.length}\r\n${persistence}\r\n`;
  return isHead ? text : text + body;
}

/** Heads are latin1 lines: what could end one, or be cut to such a byte, is left out. */
function oneLine(value: string): string {
  return value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

function hasContentType(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
}
