/**
 * Open connections as they are listed.
 *
 * @module
 */
import type { TConnectionType } from './events.ts';

/** One open connection, read at the moment of the question. Plain JSON. */
export interface IConnectionInfo {
  /** The `connectionId` of its events. */
  readonly id: string;
  /** `unknown` until its first bytes have decided. */
  readonly type: TConnectionType | 'unknown';
  /** `UNROUTED` until its route is chosen. */
  readonly routeName: string;
  readonly clientIp: string;
  readonly clientPort: number;
  /** Port that the client connected to, as the routes name it. */
  readonly localPort: number;
  /** SNI, later the Host of the first request. */
  readonly domain?: string;
  /** Milliseconds since accept. */
  readonly ageMs: number;
  /** Bytes on the wire, as the kernel counts them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** HTTP exchanges completed. */
  readonly requests: number;
  /** `host:port` that it is tunnelled to or that answers it now; missing between two requests. */
  readonly upstream?: string;
}

/** Which connections to list: those that fit everything given. */
export interface IConnectionQuery {
  readonly routeName?: string;
  readonly clientIp?: string;
  readonly type?: IConnectionInfo['type'];
  /** Goes on behind this id; the connection that had it need not be open any more. */
  readonly afterId?: string;
  /** At most so many; 1 to 10,000, default 100. */
  readonly limit?: number;
}
