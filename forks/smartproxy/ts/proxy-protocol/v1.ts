/**
 * Version 1: one line of text (§2.1).
 *
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net';
import { proxyProtocolLimits } from '../limits/proxy-protocol.ts';
import { normalizeIp } from '../security/ip.ts';
import { INCOMPLETE, invalid, unknownHeader, type TProxyParse } from './header.ts';

export const V1_SIGNATURE = Buffer.from('PROXY ', 'latin1');

const CR = 0x0d;
const LF = 0x0a;

/** The bytes at `start` begin with {@link V1_SIGNATURE}. */
export function parseV1(bytes: Buffer, start: number, end: number): TProxyParse {
  const last = Math.min(end, start + proxyProtocolLimits.v1BytesMax);
  let lineEnd = -1;
  for (let i = start + V1_SIGNATURE.length; i < last; i += 1) {
    const byte = bytes[i]!;
    if (byte === LF) return invalid('v1-syntax');
    if (byte !== CR) continue;
    if (i + 1 === last) break;
    if (bytes[i + 1] !== LF) return invalid('v1-syntax');
    lineEnd = i;
    break;
  }
  if (lineEnd < 0) {
    return end - start >= proxyProtocolLimits.v1BytesMax ? invalid('v1-too-long') : INCOMPLETE;
  }
  return parseLine(bytes.toString('latin1', start + V1_SIGNATURE.length, lineEnd), lineEnd + 2 - start);
}

function parseLine(line: string, length: number): TProxyParse {
  // Whatever follows UNKNOWN must be ignored (§2.1).
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return unknownHeader(1, length);
  const parts = line.split(' ');
  if (parts.length !== 5) return invalid('v1-syntax');
  const [protocol, source, destination, sourcePort, destinationPort] = parts as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return invalid('v1-syntax');
  const isFamily = protocol === 'TCP4' ? isIPv4 : isIPv6;
  // A zone names an interface of the sender and says nothing here.
  if (!isFamily(source) || !isFamily(destination) || line.includes('%')) return invalid('v1-address');
  const from = parsePort(sourcePort);
  const to = parsePort(destinationPort);
  if (from < 0 || to < 0) return invalid('v1-port');
  return {
    kind: 'header',
    version: 1,
    length,
    known: true,
    sourceIp: normalizeIp(source),
    sourcePort: from,
    destinationIp: normalizeIp(destination),
    destinationPort: to,
    tlvs: [],
  };
}

/** Decimal, without sign and leading zeros (§2.1); -1 for anything else. */
function parsePort(text: string): number {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) return -1;
  const port = Number(text);
  return port <= 65_535 ? port : -1;
}
