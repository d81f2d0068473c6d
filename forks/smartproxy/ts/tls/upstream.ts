/**
 * TLS towards targets.
 *
 * @module
 */
import tls from 'node:tls';
import type { NetSocket } from '../connection/netsocket.ts';
import type { ISocketOwner } from '../connection/socket.ts';

/** What hears about the handshake, beside the stream's owner. */
export interface IUpstreamTlsOwner extends ISocketOwner {
  onSecured(): void;
  tlsError: Error | null;
}

/** Starts a TLS client over a connected socket. */
export function startUpstreamTls(
  raw: NetSocket,
  options: tls.ConnectionOptions,
  owner: IUpstreamTlsOwner,
): tls.TLSSocket {
  const stream = tls.connect({ ...options, socket: raw });
  stream.allowHalfOpen = true;
  stream.once('secureConnect', () => owner.onSecured());
  stream.on('data', (bytes: Buffer) => owner.onSocketData(stream, bytes, 0, bytes.length));
  stream.on('end', () => owner.onSocketEnd(stream));
  stream.on('error', (error) => {
    owner.tlsError = error;
  });
  stream.on('close', () => raw.destroy());
  return stream;
}
