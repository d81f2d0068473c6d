/**
 * Terminating TLS: handshake with the context of the route that the ClientHello chose, then HTTP or a tunnel inside.
 *
 * @module
 */
import type { Connection, IStage } from '../connection/connection.ts';
import type { RoutePlan } from '../connection/plan.ts';
import { REASON } from '../connection/reasons.ts';
import { startHandler } from '../handler/handler.ts';
import { HttpStage } from '../http/stage.ts';
import type { IClientHello } from '../sniff/clienthello.ts';
import { Protocols } from './alpn.ts';
import { handleSession } from './handlesession.ts';
import { nodeSession } from './nodesession.ts';
import type { NodeSession } from './nodesession.ts';
import type { ITlsListener, ITlsSession, ITlsTerms } from './session.ts';

/** Some clients of the older version name only that (`curl --http1.0`). */
const HTTP = new Protocols('http/1.1', 'http/1.0');

/** Begins the handshake; `held` is the ClientHello as it was read. */
export function startTls(connection: Connection, plan: RoutePlan, hello: IClientHello, held: Buffer): void {
  const clientAuth = plan.route.config.action.tls?.clientAuth;
  connection.isTls = true;
  connection.routeName = plan.name;
  connection.clientAuth = plan.clientAuth;
  const stage = new HandshakeStage(connection, plan, hello);
  connection.stage = stage;
  connection.expireIn(connection.engine.settings.handshakeMs);
  stage.start(held, {
    context: plan.secureContext(connection.engine, hello.resumes),
    // What is inside a tunnel is not ours to name.
    protocols: plan.route.kind === 'tcp' ? null : HTTP,
    clientCertificate: clientAuth === undefined ? 'no' : clientAuth.mode === 'require' ? 'required' : 'asked',
    stapling: plan.stapling,
  });
}

class HandshakeStage implements IStage, ITlsListener {
  readonly #connection: Connection;
  readonly #plan: RoutePlan;
  readonly #hello: IClientHello;
  readonly endReason = REASON.tlsError;
  /** Set by {@link HandshakeStage.start}. */
  #session!: ITlsSession;
  /** Node's own stream, under Node's own TLS. */
  #onStream: NodeSession | null = null;
  #error: Error | null = null;
  /** Why it failed is counted. */
  #counted = false;

  constructor(connection: Connection, plan: RoutePlan, hello: IClientHello) {
    this.#connection = connection;
    this.#plan = plan;
    this.#hello = hello;
  }

  start(held: Buffer, terms: ITlsTerms): void {
    const connection = this.#connection;
    const isForUser = this.#plan.route.config.action.type === 'socket-handler';
    const onHandle = isForUser ? null : handleSession(connection, terms, this);
    if (onHandle === null) this.#onStream = nodeSession(connection, terms, this);
    this.#session = onHandle ?? this.#onStream!;
    this.#session.begin(held);
  }

  onSecured(): void {
    const connection = this.#connection;
    const session = this.#session;
    const { tls } = connection.engine.recorder;
    const version = session.tlsVersion();
    if (version === 'TLSv1.2') session.refuseRenegotiation();
    tls.handshakes += 1;
    tls.versions.add(version);
    if (session.isResumed()) tls.resumptions += 1;
    tls.alpn.add(session.applicationProtocol() ?? 'none');
    connection.tlsVersion = version;
    connection.domain = this.#hello.sni;
    if (!this.#acceptsClient()) return;
    if (this.#plan.route.kind === 'tcp') {
      startHandler(connection, this.#plan, null);
      if (this.#plan.route.config.action.type === 'socket-handler') this.#onStream?.giveAway();
      else this.#onStream?.startReading();
      return;
    }
    connection.open(this.#plan.name, this.#plan.counters, 'https');
    const stage = new HttpStage(connection);
    connection.stage = stage;
    stage.start();
    this.#onStream?.startReading();
  }

  onTlsError(error: Error): void {
    if (this.#connection.stage !== this) {
      // A record that cannot be read. Node ends no server's socket for it that was made without a `tls.Server`.
      this.#connection.abort(REASON.clientError);
      return;
    }
    this.#error = error;
    // Node destroys its own.
    if (this.#onStream === null) this.#connection.stream.destroy();
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

  /** With `require` a client without a valid certificate is refused; with `request` it only stays unnamed. */
  #acceptsClient(): boolean {
    const clientAuth = this.#plan.route.config.action.tls?.clientAuth;
    if (clientAuth === undefined) return true;
    const subject = this.#session.clientSubject();
    if (this.#session.clientFault() === null && subject !== undefined) {
      this.#connection.clientSubject = subject.replaceAll('\n', ',');
      return true;
    }
    if (clientAuth.mode === 'request') return true;
    this.#fail(subject === undefined ? 'client-certificate-missing' : 'client-certificate-invalid');
    return false;
  }

  #fail(reason: string): void {
    this.#connection.engine.recorder.tls.failures.add(reason);
    this.#error = null;
    this.#counted = true;
    this.#connection.abort(REASON.tlsError);
  }

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

/** OpenSSL's reason as a key for counting: `ERR_SSL_NO_SHARED_CIPHER` becomes `no-shared-cipher`. */
function tlsReason(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return 'error';
  return code
    .replace(/^ERR_SSL_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}
