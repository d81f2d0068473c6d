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
  readonly body?: string;
  readonly contentType?: string;
}

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

/** The whole response as latin1 text. */
export function responseText(response: ILocalResponse, isHead: boolean, connection: string): string {
  const { status } = response;
  const phrase = STATUS_CODES[status] ?? '';
  const body = Buffer.from(response.body ?? `${phrase}\n`, 'utf8').toString('latin1');
  let text = `HTTP/1.1 ${status} ${phrase}\r\nDate: ${httpDate()}\r\n`;
  for (const [name, value] of Object.entries(response.headers ?? {})) text += `${name}: ${value}\r\n`;
  text += `Content-Type: ${response.contentType ?? 'text/plain; charset=utf-8'}\r\nContent-Length: ${body.length}\r\n`;
  text += `${connection}\r\n`;
  return isHead ? text : text + body;
}
