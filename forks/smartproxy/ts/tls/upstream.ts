/**
 * TLS towards targets: on Node's handles where they are, else as Node's own stream.
 *
 * @module
 */
import tls from 'node:tls';
import { HandleSocket } from '../connection/handlesocket.ts';
import type { IProxySocket } from '../connection/socket.ts';
import { toNetSocket } from '../connection/sockets.ts';
import { ClientTlsSocket } from './clientsocket.ts';
import { canWrapHandles } from './tlssocket.ts';
import { upstreamTerms } from './upstreamterms.ts';
import type { IUpstreamTerms, IUpstreamTlsOwner } from './upstreamterms.ts';

/** Starts a TLS client over a connected socket of the owner's. */
export function startUpstreamTls(
  socket: IProxySocket,
  options: tls.ConnectionOptions,
  owner: IUpstreamTlsOwner,
  noDelay: boolean,
): void {
  let terms: IUpstreamTerms;
  try {
    terms = upstreamTerms(options);
  } catch (error) {
    owner.tlsError = error as Error;
    socket.destroy();
    return;
  }
  // A write of before that is still under way would be taken for one of TLS.
  if (socket instanceof HandleSocket && socket.writableLength === 0 && canWrapHandles()) {
    ClientTlsSocket.begin(socket, terms, owner, noDelay);
  } else startNodeClient(toNetSocket(socket, noDelay), { ...options, secureContext: terms.context }, owner);
}

function startNodeClient(raw: IProxySocket, options: tls.ConnectionOptions, owner: IUpstreamTlsOwner): void {
  const stream = tls.connect({ ...options, socket: raw as unknown as tls.ConnectionOptions['socket'] });
  stream.allowHalfOpen = true;
  owner.onSecuring(raw, stream);
  stream.once('secureConnect', () => owner.onSecured());
  stream.on('data', (bytes: Buffer) => owner.onSocketData(stream, bytes, 0, bytes.length));
  stream.on('end', () => owner.onSocketEnd(stream));
  stream.on('error', (error) => {
    owner.tlsError = error;
  });
  // Node ends the socket under it first, and tells the error later: the owner would hear of an end without a reason.
  const destroy = stream._destroy.bind(stream);
  stream._destroy = (error, done) => {
    if (error !== null) owner.tlsError = error;
    destroy(error, done);
  };
  stream.on('close', () => raw.destroy());
}
