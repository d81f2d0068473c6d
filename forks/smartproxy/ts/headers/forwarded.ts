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

export interface IForwardedFacts {
  readonly clientIp: string;
  /** As sent, port included; empty where there is none. */
  readonly authority: string;
  readonly isTls: boolean;
  readonly localPort: number;
}

/** Header lines, each with CRLF. */
export function forwardedLines(facts: IForwardedFacts, style: TForwardedStyle): string {
  let lines = '';
  const proto = facts.isTls ? 'https' : 'http';
  if (style === 'x-forwarded' || style === 'both') {
    lines +=
      `X-Forwarded-For: ${facts.clientIp}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${facts.localPort}\r\n` +
      (facts.authority === '' ? '' : `X-Forwarded-Host: ${facts.authority}\r\n`);
  }
  if (style === 'forwarded' || style === 'both') lines += `Forwarded: ${forwardedValue(facts, proto)}\r\n`;
  return lines;
}

/** RFC 7239 §4; IPv6 addresses stand in brackets and quotes (§6). */
function forwardedValue(facts: IForwardedFacts, proto: string): string {
  const node = parseIp(facts.clientIp) === 6 ? `"[${facts.clientIp}]"` : facts.clientIp;
  const host = facts.authority === '' ? '' : `;host="${facts.authority.replaceAll(/["\\]/g, '')}"`;
  return `for=${node}${host};proto=${proto}`;
}
