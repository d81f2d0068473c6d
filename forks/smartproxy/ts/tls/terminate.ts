/**
 * Terminating TLS: handshake with the context of the route that the ClientHello chose, then HTTP or a tunnel inside.
 *
 * @module
 */
import { TLSSocket } from 'node:tls';
import type { Connection, IStage } from '../connection/connection.ts';
import type { RoutePlan } from '../connection/plan.ts';
import { REASON } from '../connection/reasons.ts';
import { startHandler } from '../handler/handler.ts';
import { HttpStage } from '../http/stage.ts';
import type { IClientHello } from '../sniff/clienthello.ts';

/** Begins the handshake; `held` is the ClientHello as it was read. */
export function startTls(connection: Connection, plan: RoutePlan, hello: IClientHello, held: Buffer): void {
  const { engine } = connection;
  const raw = connection.asNetSocket();
  connection.isTls = true;
  connection.routeName = plan.name;
  connection.clientAuth = plan.clientAuth;
  // Read again by the TLS engine, ahead of what the kernel brings next.
  raw.unshift(held);
  const clientAuth = plan.route.config.action.tls?.clientAuth;
  const stream = new TLSSocket(raw, {
    isServer: true,
    server: plan.stapling ?? undefined,
    secureContext: plan.secureContext(engine, hello.resumes),
    // What is inside a tunnel is not ours to name.
    ALPNProtocols: plan.route.kind === 'tcp' ? undefined : ['http/1.1'],
    requestCert: clientAuth !== undefined,
    rejectUnauthorized: clientAuth?.mode === 'require',
  });
  stream.allowHalfOpen = true;
  const stage = new HandshakeStage(connection, plan, hello, stream);
  connection.stream = stream;
  connection.stage = stage;
  stage.start();
}

class HandshakeStage implements IStage {
  readonly #connection: Connection;
  readonly #plan: RoutePlan;
  readonly #hello: IClientHello;
  readonly #stream: TLSSocket;
  readonly #onStreamEnd: () => void;
  readonly endReason = REASON.tlsError;
  #error: Error | null = null;

  constructor(connection: Connection, plan: RoutePlan, hello: IClientHello, stream: TLSSocket) {
    this.#connection = connection;
    this.#plan = plan;
    this.#hello = hello;
    this.#stream = stream;
    this.#onStreamEnd = () => connection.onSocketEnd(stream);
  }

  start(): void {
    const stream = this.#stream;
    const connection = this.#connection;
    connection.expireIn(connection.engine.settings.handshakeMs);
    stream.once('secure', () => this.#onSecure());
    const onError = (error: Error): void => {
      if (connection.stage === this) this.#error = error;
      // A record that cannot be read. Node ends no server's socket for it that was made without a `tls.Server`.
      else connection.abort(REASON.clientError);
    };
    stream.on('_tlsError', onError);
    stream.on('error', onError);
    // From the start: a client may leave in the midst of its handshake.
    stream.on('end', () => connection.onSocketEnd(stream));
    stream.on('close', () => connection.raw.destroy());
    // Also a client that leaves in the midst of the handshake is an end, and not waited for.
    stream.on('end', this.#onStreamEnd);
  }

  onData(): void {
    // Application data is only read after the handshake.
  }

  onEnd(): void {
    this.#fail('client-closed');
  }

  onDrain(): void {
    // The handshake is written by the TLS engine.
  }

  onGone(): void {
    this.#count(this.#error === null ? 'client-closed' : tlsReason(this.#error));
  }

  onDeadline(): void {
    this.#fail('timeout');
  }

  onStop(): void {
    this.#fail('shutdown');
  }

  #onSecure(): void {
    const connection = this.#connection;
    const stream = this.#stream;
    const { tls } = connection.engine.recorder;
    const version = stream.getProtocol() ?? 'unknown';
    // TLS 1.2 lets a client ask for handshakes without end, each of which costs us more than it.
    if (version === 'TLSv1.2') stream.disableRenegotiation();
    tls.handshakes += 1;
    tls.versions.add(version);
    if (stream.isSessionReused()) tls.resumptions += 1;
    tls.alpn.add(stream.alpnProtocol === false || stream.alpnProtocol === null ? 'none' : stream.alpnProtocol);
    connection.tlsVersion = version;
    connection.domain = this.#hello.sni;
    if (!this.#acceptsClient()) return;
    const handles = this.#plan.route.kind === 'tcp';
    if (handles) startHandler(connection, this.#plan, null);
    else {
      connection.open(this.#plan.name, this.#plan.counters, 'https');
      const stage = new HttpStage(connection);
      connection.stage = stage;
      stage.start();
    }
    if (this.#plan.route.config.action.type === 'socket-handler' && handles) {
      stream.off('end', this.#onStreamEnd);
      return;
    }
    stream.on('data', (bytes: Buffer) => connection.onSocketData(stream, bytes, 0, bytes.length));
  }

  /** With `require` a client without a valid certificate is refused; with `request` it only stays unnamed. */
  #acceptsClient(): boolean {
    const clientAuth = this.#plan.route.config.action.tls?.clientAuth;
    if (clientAuth === undefined) return true;
    const fault = verifyFault(this.#stream);
    const certificate = this.#stream.getPeerX509Certificate();
    if (fault === null && certificate !== undefined) {
      this.#connection.clientSubject = certificate.subject.replaceAll('\n', ',');
      return true;
    }
    if (clientAuth.mode === 'request') return true;
    this.#fail(certificate === undefined ? 'client-certificate-missing' : 'client-certificate-invalid');
    return false;
  }

  #fail(reason: string): void {
    this.#connection.engine.recorder.tls.failures.add(reason);
    this.#error = null;
    this.#counted = true;
    this.#connection.abort(REASON.tlsError);
  }

  #counted = false;

  #count(reason: string): void {
    const { engine, clientIp } = this.#connection;
    if (!this.#counted) engine.recorder.tls.failures.add(reason);
    engine.recorder.reject('tls-handshake', engine.recorder.route(this.#plan.name));
    this.#connection.announceRejected('tls-handshake');
    if (engine.gate.tlsError) {
      engine.gate.emit('tls-error', { clientIp, sni: this.#hello.sni, reason, timestamp: new Date() });
    }
  }
}

/** What is wrong with the client's certificate: Node's server reads it at the same place of the handle. */
function verifyFault(stream: TLSSocket): Error | null {
  const handle = (stream as unknown as { _handle: { verifyError(): Error | null } | null })._handle;
  return handle === null ? new Error('closed') : handle.verifyError();
}

/** OpenSSL's reason as a key for counting: `ERR_SSL_NO_SHARED_CIPHER` becomes `no-shared-cipher`. */
function tlsReason(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return 'error';
  return code
    .replace(/^ERR_SSL_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}
