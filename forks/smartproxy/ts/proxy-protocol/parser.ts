/**
 * Upstream's static interface for version 1 (confirmed names; the message texts are ours). The engine uses
 * {@link parseProxyHeader} and the generators directly.
 *
 * @module
 */
import { isIP, isIPv4, isIPv6, type Socket } from 'node:net';
import { proxyProtocolLimits } from '../limits/proxy-protocol.ts';
import { generateV1 } from './generate.ts';
import { ProxyProtocolError } from './error.ts';
import { parseProxyHeader } from './parse.ts';
import { V1_SIGNATURE } from './v1.ts';

/** Confirmed. */
export interface IProxyInfo {
  protocol: 'TCP4' | 'TCP6' | 'UNKNOWN';
  sourceIP: string;
  sourcePort: number;
  destinationIP: string;
  destinationPort: number;
}

/** Confirmed. */
export interface IProxyParseResult {
  proxyInfo: IProxyInfo | null;
  remainingData: Buffer;
}

/**
 * Reads a version 1 line. Without the signature, or with only a part of the line, there is no info and the data is
 * untouched.
 *
 * @throws ProxyProtocolError when the line is over 107 bytes or malformed.
 */
function parse(data: Buffer): IProxyParseResult {
  const untouched = { proxyInfo: null, remainingData: data };
  if (data.length < V1_SIGNATURE.length || !data.subarray(0, V1_SIGNATURE.length).equals(V1_SIGNATURE))
    return untouched;
  const result = parseProxyHeader(data);
  if (result.kind === 'invalid') throw new ProxyProtocolError(result.reason);
  if (result.kind !== 'header') return untouched;
  const proxyInfo: IProxyInfo = {
    protocol: result.known ? (isIPv4(result.sourceIp) ? 'TCP4' : 'TCP6') : 'UNKNOWN',
    sourceIP: result.sourceIp,
    sourcePort: result.sourcePort,
    destinationIP: result.destinationIp,
    destinationPort: result.destinationPort,
  };
  return { proxyInfo, remainingData: data.subarray(result.length) };
}

/** A version 1 line; addresses that are none give `UNKNOWN`. */
function generate(info: IProxyInfo): Buffer {
  if (info.protocol === 'UNKNOWN') {
    return generateV1({ sourceIp: '', sourcePort: 0, destinationIp: '', destinationPort: 0 });
  }
  const { sourceIP: sourceIp, destinationIP: destinationIp, sourcePort, destinationPort } = info;
  return generateV1({ sourceIp, sourcePort, destinationIp, destinationPort });
}

/** A name for a connection: its two ends. */
function createConnectionId(connection: Omit<IProxyInfo, 'protocol'>): string {
  const { sourceIP, sourcePort, destinationIP, destinationPort } = connection;
  return `${sourceIP}:${sourcePort}-${destinationIP}:${destinationPort}`;
}

/**
 * Reads from a socket until a version 1 line is complete or cannot become one; null when the socket ends first or the
 * time is up. The socket is paused afterwards; what was read behind the line stands in `remainingData`.
 *
 * @param timeoutMs milliseconds, default 5,000.
 * @throws ProxyProtocolError as {@link parse} does.
 */
function readFromSocket(
  socket: Socket,
  timeoutMs: number = proxyProtocolLimits.readTimeoutMs,
): Promise<IProxyParseResult | null> {
  return new Promise((resolve, reject) => {
    let held: Buffer = Buffer.alloc(0);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onGone).off('close', onGone).off('error', onGone);
      socket.pause();
      settle();
    };
    const onGone = () => finish(() => resolve(null));
    const onData = (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (parseProxyHeader(held).kind === 'incomplete') return;
      finish(() => {
        try {
          resolve(parse(held));
        } catch (error) {
          reject(error as Error);
        }
      });
    };
    const timer = setTimeout(onGone, timeoutMs);
    socket.on('data', onData).once('end', onGone).once('close', onGone).once('error', onGone);
    // A listener alone does not wake a socket that somebody paused.
    socket.resume();
  });
}

/** Upstream's class of static members; nothing was ever instantiated from it. */
export const ProxyProtocolParser = Object.freeze({
  PROXY_V1_SIGNATURE: 'PROXY ',
  MAX_HEADER_LENGTH: proxyProtocolLimits.v1BytesMax,
  HEADER_TERMINATOR: '\r\n',
  parse,
  generate,
  isValidIP: (ip: string): boolean => isIP(ip) !== 0,
  isIPv4: (ip: string): boolean => isIPv4(ip),
  isIPv6: (ip: string): boolean => isIPv6(ip),
  createConnectionId,
  readFromSocket,
});
