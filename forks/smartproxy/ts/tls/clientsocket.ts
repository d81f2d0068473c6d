/**
 * The client's side of TLS on Node's handles.
 *
 * @module
 */
import { checkServerIdentity } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import type { HandleSocket } from '../connection/handlesocket.ts';
import { limits } from '../limits/limits.ts';
import { TlsSocket } from './tlssocket.ts';
import type { IWire } from './tlssocket.ts';
import type { IUpstreamTerms, IUpstreamTlsOwner } from './upstreamterms.ts';

/** Is for nobody. */
const NO_CERTIFICATE = {} as PeerCertificate;

export class ClientTlsSocket extends TlsSocket {
  readonly #terms: IUpstreamTerms;
  readonly #listener: IUpstreamTlsOwner;

  private constructor(
    plain: HandleSocket,
    wire: IWire,
    terms: IUpstreamTerms,
    listener: IUpstreamTlsOwner,
    noDelay: boolean,
  ) {
    super(plain, wire, terms.context, false, noDelay);
    this.#terms = terms;
    this.#listener = listener;
    const { tls } = this;
    tls.setVerifyMode(true, terms.rejectUnauthorized);
    if (terms.protocols !== null) tls.setALPNProtocols(terms.protocols);
    if (terms.serverName !== '') tls.setServername(terms.serverName);
  }

  /** Begins a handshake over a connected socket; nothing happens when that is gone, which its owner has heard. */
  static begin(plain: HandleSocket, terms: IUpstreamTerms, listener: IUpstreamTlsOwner, noDelay: boolean): void {
    const unread: Buffer[] = [];
    const wire = plain.release(unread) as IWire | null;
    if (wire === null) return;
    const socket = new ClientTlsSocket(plain, wire, terms, listener, noDelay);
    listener.onSecuring(socket, socket);
    socket.tls.start();
    for (const bytes of unread) if (!socket.destroyed) socket.tls.receive(bytes);
    socket.startReading();
  }

  override handshakeStarts(): void {
    // A server may ask for more handshakes in TLS 1.2: its certificate is looked at after each.
  }

  override handshakeDone(): void {
    if (this.destroyed) return;
    const fault = this.#fault();
    if (fault !== null) this.destroy(fault);
    else if (!this.secured) this.secure(this.#listener);
  }

  override fails(error: Error): void {
    this.destroy(error);
  }

  protected override endReading(): void {
    if (this.secured) super.endReading();
    else this.destroy(new HandshakeCutError());
  }

  /** What keeps us from talking to this server. */
  #fault(): Error | null {
    const { tls } = this;
    const keyInfo = tls.getProtocol() === 'TLSv1.3' ? null : tls.getEphemeralKeyInfo();
    if (keyInfo?.type === 'DH' && keyInfo.size! < limits.dhKeyBits) return new WeakKeyError(keyInfo.size!);
    if (!this.#terms.rejectUnauthorized) return null;
    const fault = tls.verifyError();
    if (fault !== null && fault !== undefined) return fault;
    const certificate = tls.getPeerCertificate(false) ?? NO_CERTIFICATE;
    return checkServerIdentity(this.#terms.identity, certificate) ?? null;
  }
}

/** As Node has it, whose codes are counted. */
class HandshakeCutError extends Error {
  readonly code = 'ECONNRESET';

  constructor() {
    super('Client network socket disconnected before secure TLS connection was established');
  }
}

class WeakKeyError extends Error {
  readonly code = 'ERR_TLS_DH_PARAM_SIZE';

  constructor(bits: number) {
    super(`DH parameter size ${bits} is less than ${limits.dhKeyBits}`);
  }
}
