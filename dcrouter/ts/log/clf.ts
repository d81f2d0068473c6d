/**
 * HTTP exchanges in the Common Log Format and its combined form, as log analysers read them.
 *
 * @module
 */
import type { IRequestCompletedEvent } from '@dcrouter/smartproxy';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const HEX_RADIX = 16;

/** Which fields are not to be shown. */
export type THidden = ReadonlySet<string>;

/**
 * `client - - [time] "METHOD path HTTP/1.1" status bytes`, with ` "referer" "user agent"` when `combined`.
 *
 * The time is that of the request's first byte, in UTC. The query is left out, for it often holds secrets. Bytes are
 * those of the whole response on the wire, head included (`%O` of Apache, not `%b`).
 */
export function commonLogLine(event: IRequestCompletedEvent, combined: boolean, hidden: THidden): string {
  const client = hidden.has('clientIp') ? '-' : event.clientIp;
  const path = hidden.has('path') ? '-' : event.path;
  const request = event.method === '' ? '-' : `${event.method} ${path} HTTP/${event.httpVersion ?? '1.1'}`;
  const startedMs = event.timestamp.getTime() - event.duration;
  const status = event.statusCode === 0 ? '-' : String(event.statusCode);
  const bytes = event.bytesOut === 0 ? '-' : String(event.bytesOut);
  const line = `${client} - - [${clfTime(startedMs)}] "${escaped(request)}" ${status} ${bytes}`;
  if (!combined) return `${line}\n`;
  const referer = hidden.has('referer') ? undefined : event.referer;
  const userAgent = hidden.has('userAgent') ? undefined : event.userAgent;
  return `${line} "${escaped(referer ?? '-')}" "${escaped(userAgent ?? '-')}"\n`;
}

let timeSecond = -1;
let timeText = '';

/** `02/Jan/2026:03:04:05 +0000`; made once per second. */
function clfTime(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second === timeSecond) return timeText;
  const date = new Date(second * 1_000);
  const [, clock] = date.toISOString().split('T');
  const day = String(date.getUTCDate()).padStart(2, '0');
  timeSecond = second;
  timeText = `${day}/${MONTHS[date.getUTCMonth()]!}/${date.getUTCFullYear()}:${clock!.slice(0, 8)} +0000`;
  return timeText;
}

/** As Apache writes what clients send: a line stays one line, and a quote does not end its field. */
function escaped(text: string): string {
  return text.replaceAll(/["\\]|[^\x20-\x7e]/g, (char) =>
    char === '"' || char === '\\' ? `\\${char}` : `\\x${char.charCodeAt(0).toString(HEX_RADIX).padStart(2, '0')}`,
  );
}
