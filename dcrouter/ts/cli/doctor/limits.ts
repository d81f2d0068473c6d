/**
 * Bounds and thresholds of the checks, with unit and reason.
 *
 * @module
 */
import { processLimits } from '../../process/limits.ts';

export const doctorLimits = {
  /** Milliseconds for one connection, query or statement: something that is slower than this is not well. */
  probeMs: 3_000,
  /** Things probed at once: gentle with small machines, quick with a hundred targets. */
  probesAtOnce: 16,
  /** Ports, targets and zones that are looked at; further ones are told as not checked. */
  itemsMax: 500,
  /** Days before its end at which a certificate is a warning; automatic ones are renewed earlier. */
  certificateDays: 14,
  /** Descriptors below which a router cannot work: libraries, logs and a few hundred connections. */
  descriptorsMin: 1_024,
  /** Descriptors for all connections that the proxy takes, and for all else. */
  descriptorsWanted:
    processLimits.proxyConnections * processLimits.descriptorsPerConnection + processLimits.descriptorsReserved,
  /** Bytes free below which the next write may fail. */
  diskBytesMin: 16_777_216,
  /** Bytes free below which it is time to act. */
  diskBytesWanted: 268_435_456,
  /** Milliseconds that a file's time may lie ahead: file systems of other machines have clocks of their own. */
  clockAheadMs: 60_000,
} as const;
