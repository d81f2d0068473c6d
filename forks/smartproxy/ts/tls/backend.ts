/**
 * Options of the TLS client towards targets.
 *
 * @module
 */
import net from 'node:net';
import type tls from 'node:tls';
import type { IRouteBackendTls } from '../interfaces/tls.ts';

/**
 * @param domain the name that the client asked for: it is checked when the target is only an address
 * @param rejectUnauthorized what applies where the route says nothing
 */
export function backendTlsOptions(
  backend: IRouteBackendTls | undefined,
  host: string,
  domain: string,
  rejectUnauthorized: boolean,
): tls.ConnectionOptions {
  const name = backend?.servername ?? (net.isIP(host) === 0 ? host : domain);
  return {
    // RFC 6066 §3: an address is no server name.
    servername: net.isIP(name) === 0 ? name : '',
    host: name,
    rejectUnauthorized: backend?.rejectUnauthorized ?? rejectUnauthorized,
    ca: backend?.ca,
    cert: backend?.cert,
    key: backend?.key,
    minVersion: backend?.minVersion,
    maxVersion: backend?.maxVersion,
    ALPNProtocols: ['http/1.1'],
  };
}
