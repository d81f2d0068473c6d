/**
 * What terminating asks of a TLS server, whatever it is made of, and what it is told by it.
 *
 * @module
 */
import type { SecureContext } from 'node:tls';
import type { Protocols } from './alpn.ts';
import type { Stapling } from './stapling.ts';

/** What a handshake is held on. */
export interface ITlsTerms {
  readonly context: SecureContext;
  /** Those spoken inside, the best first (RFC 7301); null: they are not ours to name. */
  readonly protocols: Protocols | null;
  /** Whether the client is asked for a certificate, and does without one no further. */
  readonly clientCertificate: 'no' | 'asked' | 'required';
  readonly stapling: Stapling | null;
}

/** What hears of a handshake. Calls may come while OpenSSL is at work. */
export interface ITlsListener {
  onSecured(): void;
  /** The handshake failed, or a record after it cannot be read. */
  onTlsError(error: Error): void;
}

/** A handshake, and what was agreed on in it. */
export interface ITlsSession {
  /** Begins with the ClientHello as it was read. */
  begin(held: Buffer): void;
  /** As OpenSSL names it: `TLSv1.3`. */
  tlsVersion(): string;
  /** Null when none was agreed on. */
  applicationProtocol(): string | null;
  isResumed(): boolean;
  /** TLS 1.2 lets a client ask for handshakes without end, each of which costs us more than it. */
  refuseRenegotiation(): void;
  /** What is wrong with the client's certificate, or that there is none. */
  clientFault(): Error | null;
  /** The subject of the client's certificate, whatever is wrong with it. */
  clientSubject(): string | undefined;
}
