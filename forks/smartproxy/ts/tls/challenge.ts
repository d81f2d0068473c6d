/**
 * Answering tls-alpn-01 (RFC 8737): a handshake with a certificate that only a CA's validator looks at, and nothing else.
 *
 * @module
 */
import type { SecureContext } from 'node:tls';
import { acmeTlsProtocol } from '@dcrouter/acme';
import type { Connection, IStage } from '../connection/connection.ts';
import { REASON } from '../connection/reasons.ts';
import { CHALLENGES } from '../interfaces/stats.ts';
import { Protocols } from './alpn.ts';
import { handleSession } from './handlesession.ts';
import { nodeSession } from './nodesession.ts';
import type { ITlsListener } from './session.ts';

const CHALLENGE = new Protocols(acmeTlsProtocol);

/** Whether a ClientHello asks for a challenge answer: the protocol is offered alone (RFC 8737 §3). */
export function asksForChallenge(alpn: readonly string[]): boolean {
  return alpn.length === 1 && alpn[0] === acmeTlsProtocol;
}

/** Begins the handshake; `held` is the ClientHello as it was read. */
export function startChallenge(connection: Connection, context: SecureContext, held: Buffer): void {
  const { engine } = connection;
  connection.isTls = true;
  connection.open(CHALLENGES, engine.recorder.route(CHALLENGES), 'tls');
  const stage = new ChallengeStage(connection);
  connection.stage = stage;
  connection.expireIn(engine.settings.handshakeMs);
  const terms = { context, protocols: CHALLENGE, clientCertificate: 'no', stapling: null } as const;
  const session = handleSession(connection, terms, stage) ?? nodeSession(connection, terms, stage);
  session.begin(held);
}

/** The validator closes by itself or is closed after the handshake (RFC 8737 §3); no bytes are exchanged. */
class ChallengeStage implements IStage, ITlsListener {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  onSecured(): void {
    this.#connection.close(REASON.completed);
  }

  onTlsError(): void {
    this.#connection.abort(REASON.tlsError);
  }

  onData(): void {
    // Nothing is read after the handshake.
  }

  onEnd(): void {
    this.#connection.abort(REASON.clientClosed);
  }

  onDrain(): void {
    // The handshake is written by the TLS engine.
  }

  onGone(): void {
    // Nothing is held.
  }

  onDeadline(): void {
    this.#connection.abort(REASON.tlsError);
  }

  onStop(): void {
    this.#connection.abort(REASON.shutdown);
  }
}
