/**
 * The server's side of TLS on Node's handles.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { HandleSocket } from '../connection/handlesocket.ts';
import type { ITlsListener, ITlsSession, ITlsTerms } from './session.ts';
import type { Stapling } from './stapling.ts';
import type { ITlsHandle } from './tlshandles.ts';
import { TlsSocket } from './tlssocket.ts';
import type { IWire } from './tlssocket.ts';

interface IServerTls extends ITlsHandle {
  tlsSocket: ServerTlsSocket;
}

export class ServerTlsSocket extends TlsSocket implements ITlsSession {
  readonly #listener: ITlsListener;
  readonly #stapling: Stapling | null;
  /** Read from the socket before it was taken over, and not told. */
  readonly #unread: readonly Buffer[];
  #refusesRenegotiation = false;

  private constructor(
    plain: HandleSocket,
    wire: IWire,
    unread: readonly Buffer[],
    terms: ITlsTerms,
    listener: ITlsListener,
    noDelay: boolean,
  ) {
    super(plain, wire, terms.context, true, noDelay);
    this.#unread = unread;
    this.#listener = listener;
    this.#stapling = terms.stapling;
    const { tls } = this;
    if (terms.clientCertificate !== 'no') tls.setVerifyMode(true, terms.clientCertificate === 'required');
    if (terms.protocols !== null) tls.setALPNProtocols(terms.protocols.list);
    if (this.#stapling === null) return;
    tls.oncertcb = onCertificateAsked;
    tls.enableCertCb();
  }

  /**
   * Waits for a handshake over a connected socket, of which the caller read the beginning.
   *
   * @returns null when the socket is gone
   */
  static over(plain: HandleSocket, terms: ITlsTerms, listener: ITlsListener, noDelay: boolean): ServerTlsSocket | null {
    const unread: Buffer[] = [];
    const wire = plain.release(unread) as IWire | null;
    return wire === null ? null : new ServerTlsSocket(plain, wire, unread, terms, listener, noDelay);
  }

  /** Begins with what was read already. */
  begin(held: Uint8Array): void {
    this.tls.receive(held);
    for (const bytes of this.#unread) if (!this.destroyed) this.tls.receive(bytes);
    this.startReading();
  }

  tlsVersion(): string {
    return this.tls.getProtocol() ?? 'unknown';
  }

  applicationProtocol(): string | null {
    const agreed = this.tls.getALPNNegotiatedProtocol();
    return typeof agreed === 'string' ? agreed : null;
  }

  isResumed(): boolean {
    return this.tls.isSessionReused();
  }

  refuseRenegotiation(): void {
    this.#refusesRenegotiation = true;
  }

  clientFault(): Error | null {
    return this.tls.verifyError() ?? null;
  }

  clientSubject(): string | undefined {
    const der = this.tls.getPeerCertificate(true)?.raw;
    return der === undefined ? undefined : new X509Certificate(der).subject;
  }

  /** Before it is secured, whatever ends it is a handshake that came to nothing. */
  override destroy(error: Error | null = null): void {
    super.destroy(this.secured ? error : null);
  }

  override handshakeStarts(): void {
    if (this.#refusesRenegotiation) this.#listener.onTlsError(new Error('the client asks for another handshake'));
  }

  override handshakeDone(): void {
    if (!this.secured && !this.destroyed) this.secure(this.#listener);
  }

  override fails(error: Error): void {
    if (!this.destroyed) this.#listener.onTlsError(error);
  }

  certificateAsked(wantsResponse: boolean): void {
    if (wantsResponse && this.#stapling !== null) {
      void this.#stapling.response().then((response) => this.#goOn(response));
    } else this.#goOn(null);
  }

  #goOn(response: Buffer | null): void {
    if (this.destroyed) return;
    try {
      if (response !== null) this.tls.setOCSPResponse(response);
      this.tls.certCbDone();
    } catch (error) {
      this.#listener.onTlsError(error as Error);
    }
  }
}

function onCertificateAsked(this: ITlsHandle, { OCSPRequest }: { OCSPRequest: boolean }): void {
  (this as IServerTls).tlsSocket.certificateAsked(OCSPRequest);
}
