/**
 * OCSP responses for clients that ask for one in their ClientHello. RFC 6066 §8.
 *
 * @module
 */
import tls from 'node:tls';
import type { TOcspSource } from '../interfaces/tls.ts';

type TAnswer = (error: Error | null, response: Buffer | null) => void;

/**
 * What Node asks for the response of a handshake: it emits 'OCSPRequest' on the socket's `server`. This one never
 * listens; it is given to `TLSSocket` for the event alone.
 */
export function staplingServer(source: TOcspSource): tls.Server {
  const server = tls.createServer();
  server.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, answer: TAnswer) => {
    // A handshake without a response is better than none: whoever must have one refuses it at the client.
    ask(source).then(
      (response) => answer(null, response === null ? null : Buffer.from(response)),
      () => answer(null, null),
    );
  });
  return server;
}

async function ask(source: TOcspSource): Promise<Uint8Array | null> {
  return typeof source === 'function' ? await source() : source;
}
