/**
 * The server's side of TLS on Node's handles, without the two streams that `tls.TLSSocket` and the `net.Socket` under
 * it are. Why, and what it saves: docs/decisions/0007-tls-on-handles.md.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { constants } from 'node:os';
import { takeKit } from '../connection/handleoutput.ts';
import type { IHandle, IRequest } from '../connection/handles.ts';
import { HandleSocket } from '../connection/handlesocket.ts';
import type { ITlsListener, ITlsSession, ITlsTerms } from './session.ts';
import type { Stapling } from './stapling.ts';
import { tlsWrap } from './tlshandles.ts';
import type { ITlsHandle } from './tlshandles.ts';

/** libuv's code of a reset: the system's own number of it, negative. */
const UV_ECONNRESET = -constants.errno.ECONNRESET;

/** The handle that carries TLS. It counts what passes. */
interface IWire extends IHandle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  tls: ITlsHandle;
  close(done?: () => void): void;
  reset(done?: () => void): number;
}

interface IOwnTls extends ITlsHandle {
  tlsSocket: TlsSocket;
}

interface IShutdown extends IRequest {
  socket: TlsSocket | null;
}

/** Whether TLS can stand on handles. Must be true before a {@link TlsSocket} is made. */
export function canWrapHandles(): boolean {
  return takeKit() !== null && tlsWrap() !== null;
}

export class TlsSocket extends HandleSocket implements ITlsSession {
  readonly #tls: IOwnTls;
  readonly #listener: ITlsListener;
  readonly #stapling: Stapling | null;
  #wire: IWire | null;
  /** Read from the socket before it was taken over, and not told. */
  readonly #unread: readonly Buffer[];
  /** What passed besides what the wire counted; all that passed once it is closed. */
  #wireIn: number;
  #wireOut: number;
  #secured = false;
  /** OpenSSL has yet to send the end of its handshake: nothing may be ended before. */
  #settling = false;
  #refusesRenegotiation = false;
  /** Our close_notify is sent, or on its way. */
  #notified = false;

  /**
   * Takes over a connected socket; its owner stays.
   *
   * @param wire the handle of `plain`, to which nothing is being written
   */
  private constructor(
    plain: HandleSocket,
    wire: IWire,
    unread: readonly Buffer[],
    terms: ITlsTerms,
    listener: ITlsListener,
  ) {
    const tls = tlsWrap()!(wire, terms.context.context, true, false) as IOwnTls;
    super(tls);
    this.#tls = tls;
    this.#wire = wire;
    this.#unread = unread;
    this.#listener = listener;
    this.#stapling = terms.stapling;
    this.#wireIn = plain.wireBytesIn - wire.bytesRead;
    this.#wireOut = plain.wireBytesOut - wire.bytesWritten;
    this.owner = plain.owner;
    plain.owner = null;
    wire.tls = tls;
    tls.tlsSocket = this;
    tls.onhandshakestart = onHandshakeStart;
    tls.onhandshakedone = onHandshakeDone;
    tls.onerror = onError;
    if (terms.clientCertificate !== 'no') tls.setVerifyMode(true, terms.clientCertificate === 'required');
    if (terms.protocol !== null) tls.setALPNProtocols(protocolList(terms.protocol));
    if (this.#stapling === null) return;
    tls.oncertcb = onCertificateAsked;
    tls.enableCertCb();
  }

  /**
   * Waits for a handshake over a connected socket, of which the caller read the beginning.
   *
   * @returns null when the socket is gone
   */
  static over(plain: HandleSocket, terms: ITlsTerms, listener: ITlsListener, noDelay: boolean): TlsSocket | null {
    const unread: Buffer[] = [];
    const wire = plain.release(unread) as IWire | null;
    if (wire === null) return null;
    const socket = new TlsSocket(plain, wire, unread, terms, listener);
    if (noDelay) wire.setNoDelay(true);
    return socket;
  }

  /** Begins with what was read already. */
  begin(held: Uint8Array): void {
    this.#tls.receive(held);
    for (const bytes of this.#unread) if (!this.destroyed) this.#tls.receive(bytes);
    this.startReading();
  }

  override get oneAtATime(): boolean {
    return true;
  }

  override get wireBytesIn(): number {
    return this.#wireIn + (this.#wire === null ? 0 : this.#wire.bytesRead);
  }

  override get wireBytesOut(): number {
    const wire = this.#wire;
    return this.#wireOut + (wire === null ? 0 : wire.bytesWritten - wire.writeQueueSize);
  }

  tlsVersion(): string {
    return this.#tls.getProtocol() ?? 'unknown';
  }

  applicationProtocol(): string | null {
    const agreed = this.#tls.getALPNNegotiatedProtocol();
    return typeof agreed === 'string' ? agreed : null;
  }

  isResumed(): boolean {
    return this.#tls.isSessionReused();
  }

  refuseRenegotiation(): void {
    this.#refusesRenegotiation = true;
  }

  clientFault(): Error | null {
    return this.#tls.verifyError() ?? null;
  }

  clientSubject(): string | undefined {
    const der = this.#tls.getPeerCertificate(true)?.raw;
    return der === undefined ? undefined : new X509Certificate(der).subject;
  }

  /** Before it is secured, whatever ends it is a handshake that came to nothing. */
  override destroy(error: Error | null = null): void {
    super.destroy(this.#secured ? error : null);
  }

  /** What is inside TLS does not come by the descriptor. */
  override mayUseRing(): void {
    // It stays on its handle.
  }

  override write(data: Uint8Array | string): boolean {
    // An empty write is an affair of its own to Node's TLS.
    return data.length === 0 ? !this.destroyed : super.write(data);
  }

  override sent(bytes: number, status: number): void {
    super.sent(bytes, status);
    if (this.ended && !this.#notified && !this.sending && this.handle !== null) this.shutdown(this.handle);
  }

  /** What was written last has left the process. */
  wasShut(): void {
    if (this.closesWhenSent) this.destroy();
  }

  handshakeStarts(): void {
    if (this.#refusesRenegotiation) this.#listener.onTlsError(new Error('the client asks for another handshake'));
  }

  handshakeDone(): void {
    if (this.#secured || this.destroyed) return;
    this.#secured = true;
    this.#settling = true;
    this.#listener.onSecured();
    if (this.ended || this.closesWhenSent) setImmediate(settle, this);
    else this.#settling = false;
  }

  settled(): void {
    this.#settling = false;
    if (this.sending || this.handle === null) return;
    if (this.closesWhenSent) this.closeSent();
    else if (!this.#notified) this.shutdown(this.handle);
  }

  fails(error: Error): void {
    if (!this.destroyed) this.#listener.onTlsError(error);
  }

  certificateAsked(wantsResponse: boolean): void {
    if (wantsResponse && this.#stapling !== null) {
      void this.#stapling.response().then((response) => this.#goOn(response));
    } else this.#goOn(null);
  }

  protected override get wire(): IHandle | null {
    return this.#wire;
  }

  /** The handle is still busy with a write, or with its handshake. */
  protected override get sending(): boolean {
    return this.writableLength > 0 || this.#settling;
  }

  /** Sends close_notify (RFC 8446 §6.1), and behind it the FIN. */
  protected override shutdown(handle: IHandle): void {
    this.#notified = true;
    const request = new (takeKit()!.ShutdownRequest)() as IShutdown;
    request.oncomplete = onShut;
    request.socket = this;
    handle.shutdown(request);
  }

  protected override closeSent(): void {
    const { handle } = this;
    if (handle !== null && !this.#notified) {
      this.ended = true;
      this.shutdown(handle);
    }
    // What the kernel has it sends after a plain close as well.
    if (this.#wire === null || this.#wire.writeQueueSize === 0) this.destroy();
    else this.closesWhenSent = true;
  }

  protected override checkEnd(): number {
    const wire = this.#wire;
    if (wire === null) return 0;
    // What comes behind close_notify TLS throws away, however much it is: the client may as well keep it.
    wire.readStop();
    // The error of a reset goes to whoever meets it first. When that was a record of TLS's own, an end is all we read.
    // Once both sides have ended there is no peer either.
    return this.#notified || wire.getpeername({}) === 0 ? 0 : UV_ECONNRESET;
  }

  protected override closeHandle(_handle: IHandle, resets: boolean): void {
    const wire = this.#wire!;
    this.#wireIn = this.wireBytesIn;
    this.#wireOut = this.wireBytesOut;
    this.#wire = null;
    if (!resets || wire.reset(onWireClosed) !== 0) wire.close(onWireClosed);
  }

  #goOn(response: Buffer | null): void {
    if (this.destroyed) return;
    try {
      if (response !== null) this.#tls.setOCSPResponse(response);
      this.#tls.certCbDone();
    } catch (error) {
      this.#listener.onTlsError(error as Error);
    }
  }
}

/** Not before: OpenSSL may be at work on it when the socket is destroyed. */
function onWireClosed(this: IWire): void {
  this.tls.destroySSL();
}

function settle(socket: TlsSocket): void {
  socket.settled();
}

function onShut(this: IShutdown): void {
  const { socket } = this;
  this.socket = null;
  if (socket !== null) socket.wasShut();
}

function onHandshakeStart(this: ITlsHandle): void {
  (this as IOwnTls).tlsSocket.handshakeStarts();
}

function onHandshakeDone(this: ITlsHandle): void {
  (this as IOwnTls).tlsSocket.handshakeDone();
}

function onError(this: ITlsHandle, error: Error): void {
  (this as IOwnTls).tlsSocket.fails(error);
}

function onCertificateAsked(this: ITlsHandle, { OCSPRequest }: { OCSPRequest: boolean }): void {
  (this as IOwnTls).tlsSocket.certificateAsked(OCSPRequest);
}

const lists = new Map<string, Buffer>();

/** A list of one protocol as the extension has it: a length before each name (RFC 7301 §3.1). */
function protocolList(protocol: string): Buffer {
  let list = lists.get(protocol);
  if (list === undefined) {
    list = Buffer.from(`${String.fromCharCode(protocol.length)}${protocol}`, 'latin1');
    lists.set(protocol, list);
  }
  return list;
}
