/**
 * What TLS towards a target is held on, and what hears of it.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import tls from 'node:tls';
import type { IDialOwner, IProxySocket, IStream } from '../connection/socket.ts';
import { limits } from '../limits/limits.ts';
import { protocolList } from './alpn.ts';

/** Who dialled, and holds a handshake on what came of it. Calls may come while OpenSSL is at work. */
export interface IUpstreamTlsOwner extends IDialOwner {
  /** From here on the connection is `stream`, over `raw`; they are the same one on handles. */
  onSecuring(raw: IProxySocket, stream: IStream): void;
  onSecured(): void;
  /** What broke the stream over `raw`, which itself only hears that it ends. */
  tlsError: Error | null;
}

export interface IUpstreamTerms {
  readonly context: tls.SecureContext;
  /** Of the extension (RFC 6066 §3); '' for none. */
  readonly serverName: string;
  /** What the certificate must be for. */
  readonly identity: string;
  readonly rejectUnauthorized: boolean;
  /** As the extension has them; null for none. */
  readonly protocols: Buffer | null;
}

/** Options are made once per target and name, and are not changed. */
const known = new WeakMap<tls.ConnectionOptions, IUpstreamTerms>();
/** By what they are made of, oldest first: many names of a target share one. */
const contexts = new Map<string, tls.SecureContext>();

/** @throws what OpenSSL says of a key or certificate that it cannot read */
export function upstreamTerms(options: tls.ConnectionOptions): IUpstreamTerms {
  let terms = known.get(options);
  if (terms === undefined) {
    const { servername = '', host = '', rejectUnauthorized, ALPNProtocols } = options;
    terms = {
      context: contextOf(options),
      serverName: servername,
      identity: servername || host || 'localhost',
      rejectUnauthorized: rejectUnauthorized !== false,
      protocols: ALPNProtocols === undefined ? null : protocolList(ALPNProtocols as string[]),
    };
    known.set(options, terms);
  }
  return terms;
}

/** To make one takes longer than a handshake, as it reads all certificates that it trusts. */
function contextOf({ ca, cert, key, minVersion, maxVersion }: tls.ConnectionOptions): tls.SecureContext {
  const material = { ca, cert, key, minVersion, maxVersion, ciphers: tls.DEFAULT_CIPHERS };
  // A digest, so that no key is kept as text.
  const name = createHash('sha256').update(JSON.stringify(material)).digest('base64');
  let context = contexts.get(name);
  if (context === undefined) {
    context = tls.createSecureContext(material);
    if (contexts.size >= limits.upstreamContexts) contexts.delete(contexts.keys().next().value!);
    contexts.set(name, context);
  }
  return context;
}
