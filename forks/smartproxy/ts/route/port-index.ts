/**
 * The routes of one port, by what a connection on it can turn out to be.
 *
 * @module
 */
import { DomainIndex, type IDomainCandidate } from './domain-index.ts';

/** What the routes of a port need to see. */
export interface IPortProfile {
  /** Some route looks into TLS: wait for a ClientHello. */
  readonly tls: boolean;
  /** Some route without TLS needs an HTTP head. */
  readonly http: boolean;
  /** Some route takes plain bytes that are neither. */
  readonly raw: boolean;
}

export class PortIndex {
  /** A TLS connection before decryption: by SNI. */
  readonly tlsConnections: DomainIndex;
  /** Plain bytes that are not HTTP, or that nobody needs to be. */
  readonly rawConnections: DomainIndex;
  /** A request inside TLS that we terminated: by Host. */
  readonly tlsRequests: DomainIndex;
  /** A request without TLS: by Host. */
  readonly plainRequests: DomainIndex;
  readonly profile: IPortProfile;
  /** Whether any route asks for the client's address, which then must be parsed. */
  readonly needsIp: boolean;

  constructor(candidates: readonly IDomainCandidate[]) {
    const plain = candidates.filter(({ route }) => route.tlsMode === null);
    const raw = plain.filter(({ route }) => route.kind !== 'http');
    const tls = candidates.filter(({ route }) => route.tlsMode !== null);
    this.tlsConnections = new DomainIndex([...tls, ...raw]);
    this.rawConnections = new DomainIndex(raw);
    this.tlsRequests = new DomainIndex(tls.filter(({ route }) => route.tlsMode !== 'passthrough'));
    this.plainRequests = new DomainIndex(plain);
    this.profile = Object.freeze({
      tls: tls.length > 0,
      http: plain.some(({ route }) => route.kind === 'http'),
      raw: raw.length > 0,
    });
    this.needsIp = candidates.some(({ route }) => route.clientIps !== null);
  }
}
