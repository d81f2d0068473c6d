/**
 * The server's side of TLS as Node's own stream: for functions of users, which want a socket of Node's, and on runtimes
 * that do not show their handles.
 *
 * @module
 */
import { TLSSocket } from 'node:tls';
import type { Connection } from '../connection/connection.ts';
import type { NetSocket } from '../connection/netsocket.ts';
import type { ITlsListener, ITlsSession, ITlsTerms } from './session.ts';

/** Puts Node's TLS over the connection's socket. Its handshake is to be begun before this turn is over. */
export function nodeSession(connection: Connection, terms: ITlsTerms, listener: ITlsListener): NodeSession {
  const raw = connection.asNetSocket();
  const stream = new TLSSocket(raw, {
    isServer: true,
    server: terms.stapling?.server,
    secureContext: terms.context,
    ALPNProtocols: terms.protocols?.names,
    requestCert: terms.clientCertificate !== 'no',
    rejectUnauthorized: terms.clientCertificate === 'required',
  });
  stream.allowHalfOpen = true;
  connection.stream = stream;
  stream.once('secure', () => listener.onSecured());
  const onError = (error: Error): void => listener.onTlsError(error);
  stream.on('_tlsError', onError);
  stream.on('error', onError);
  stream.on('close', () => connection.raw.destroy());
  return new NodeSession(connection, raw, stream);
}

export class NodeSession implements ITlsSession {
  readonly #connection: Connection;
  readonly #raw: NetSocket;
  readonly #stream: TLSSocket;
  readonly #onEnd: () => void;

  constructor(connection: Connection, raw: NetSocket, stream: TLSSocket) {
    this.#connection = connection;
    this.#raw = raw;
    this.#stream = stream;
    this.#onEnd = () => connection.onSocketEnd(stream);
    // From the start: a client that leaves in the midst of the handshake is an end, and not waited for.
    stream.on('end', this.#onEnd);
  }

  /** Read again by the TLS engine, ahead of what the kernel brings next. */
  begin(held: Buffer): void {
    this.#raw.unshift(held);
  }

  tlsVersion(): string {
    return this.#stream.getProtocol() ?? 'unknown';
  }

  applicationProtocol(): string | null {
    const { alpnProtocol } = this.#stream;
    return alpnProtocol === false ? null : alpnProtocol;
  }

  isResumed(): boolean {
    return this.#stream.isSessionReused();
  }

  refuseRenegotiation(): void {
    this.#stream.disableRenegotiation();
  }

  /** Node's server reads it at the same place of the handle. */
  clientFault(): Error | null {
    const handle = (this.#stream as unknown as { _handle: { verifyError(): Error | null } | null })._handle;
    return handle === null ? new Error('closed') : handle.verifyError();
  }

  clientSubject(): string | undefined {
    return this.#stream.getPeerX509Certificate()?.subject;
  }

  /** What comes inside goes to the connection's stage. */
  startReading(): void {
    const connection = this.#connection;
    const stream = this.#stream;
    stream.on('data', (bytes: Buffer) => connection.onSocketData(stream, bytes, 0, bytes.length));
  }

  /** The stream is a user's now: what comes inside is heard by the function that has it. */
  giveAway(): void {
    this.#stream.off('end', this.#onEnd);
  }
}
