/**
 * The fields that tell a target about the client. What a client sends under these names is not trusted and replaced.
 *
 * @module
 */
import { parseIp } from '../security/ip.ts';

export type TForwardedStyle = 'x-forwarded' | 'forwarded' | 'both' | 'none';

/** Lower case; left out of a request before ours are put in. */
export const FORWARDED_FIELDS: readonly string[] = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'forwarded',
];

const NOTHING_EDITED: readonly string[] = [];

export interface IForwardedFacts {
  readonly clientIp: string;
  /** As sent, port included; empty where there is none. */
  readonly authority: string;
  readonly isTls: boolean;
  readonly localPort: number;
}

/**
 * Header lines, each with CRLF.
 *
 * @param edited lower-case names that the route sets itself: those are its own.
 */
export function forwardedLines(
  facts: IForwardedFacts,
  style: TForwardedStyle,
  edited: readonly string[] = NOTHING_EDITED,
): string {
  let lines = '';
  const add = (name: string, value: string): void => {
    if (edited.length === 0 || !edited.includes(name.toLowerCase())) lines += `${name}: ${value}\r\n`;
  };
  const proto = facts.isTls ? 'https' : 'http';
  if (style === 'x-forwarded' || style === 'both') {
    add('X-Forwarded-For', facts.clientIp);
    add('X-Forwarded-Proto', proto);
    add('X-Forwarded-Port', String(facts.localPort));
    if (facts.authority !== '') add('X-Forwarded-Host', facts.authority);
  }
  if (style === 'forwarded' || style === 'both') add('Forwarded', forwardedValue(facts, proto));
  return lines;
}

/** RFC 7239 §4; IPv6 addresses stand in brackets and quotes (§6). */
function forwardedValue(facts: IForwardedFacts, proto: string): string {
  const node = parseIp(facts.clientIp) === 6 ? `"[${facts.clientIp}]"` : facts.clientIp;
  const host = facts.authority === '' ? '' : `;host="${facts.authority.replaceAll(/["\\]/g, '')}"`;
  return `for=${node}${host};proto=${proto}`;
}
