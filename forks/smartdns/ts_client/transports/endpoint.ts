/**
 * Where a resolver is.
 *
 * @module
 */
import type { SecureContextOptions } from 'node:tls';

/** A resolver's address, read from its configuration. */
export interface IEndpoint {
  /** The resolver as configured; names it in results, events and errors. */
  readonly label: string;
  /** IP address, or a host name for connections where `addresses` is empty. */
  readonly host: string;
  readonly port: number;
  /** Addresses of `host`, so that no resolver is needed to reach the resolver. */
  readonly addresses: readonly string[];
  /** The name that the certificate must carry. */
  readonly servername: string;
  /** DoH: the path, and whether to ask with GET. */
  readonly path: string;
  readonly method: 'POST' | 'GET';
  readonly ca: SecureContextOptions['ca'];
  readonly rejectUnauthorized: boolean;
}
