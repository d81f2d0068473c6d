/**
 * OCSP responses for clients that ask for one in their ClientHello. RFC 6066 §8.
 *
 * @module
 */
import tls from 'node:tls';
import type { TOcspSource } from '../interfaces/tls.ts';

type TAnswer = (error: Error | null, response: Buffer | null) => void;

export class Stapling {
  readonly #source: TOcspSource;
  #server: tls.Server | null = null;

  constructor(source: TOcspSource) {
    this.#source = source;
  }

  /** Null when there is none: a handshake without is better than no handshake, whoever must have one refuses it. */
  async response(): Promise<Buffer | null> {
    const source = this.#source;
    try {
      const response = typeof source === 'function' ? await source() : source;
      return response === null ? null : Buffer.from(response);
    } catch {
      return null;
    }
  }

  /** What Node's own TLS sockets ask, by an event of their `server`. This one never listens. */
  get server(): tls.Server {
    if (this.#server !== null) return this.#server;
    this.#server = tls.createServer();
    this.#server.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, answer: TAnswer) => {
      void this.response().then((response) => answer(null, response));
    });
    return this.#server;
  }
}
