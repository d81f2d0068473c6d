/**
 * How a route treats TLS: whose certificate the client sees, what it must prove, and how the target is checked.
 *
 * @module
 */

/**
 * `passthrough` reads the SNI and tunnels; `terminate` decrypts and speaks plain to the target; `terminate-and-reencrypt`
 * decrypts and opens TLS to the target. Confirmed.
 */
export type TTlsMode = 'passthrough' | 'terminate' | 'terminate-and-reencrypt';

export type TTlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A DER response, or a function asked at each handshake whose client wants one; null, or an error, staples nothing. */
export type TOcspSource = Uint8Array | (() => Uint8Array | null | Promise<Uint8Array | null>);

/** A certificate as PEM text or as files; exactly one of each pair. */
export interface ICertificateConfig {
  /** Private key, PEM. Confirmed. */
  key?: string;
  /** Certificate chain, leaf first, PEM. Confirmed. */
  cert?: string;
  /** Further chain certificates, PEM. Recalled. */
  ca?: string;
  /** File with the private key, PEM. Recalled. */
  keyFile?: string;
  /** File with the chain, leaf first, PEM. Recalled. */
  certFile?: string;
  /** Of an encrypted key. Ours. */
  passphrase?: string;
  /** The authority's OCSP response for the leaf, stapled for clients that ask (RFC 6066 §8). Ours. */
  ocsp?: TOcspSource;
}

/** ACME settings of one route; what is absent is taken from the options. */
export interface IRouteAcme {
  /** Of the account. Recalled. */
  email?: string;
  /** Certificates that browsers trust. Recalled. */
  useProduction?: boolean;
  /** Port on which this route's http-01 challenges are answered; default that of the options. Recalled. */
  challengePort?: number;
  /** Days before expiry at which renewal starts. Recalled. */
  renewBeforeDays?: number;
  /** Which challenge to ask for; default `http-01`. Ours. */
  challenge?: 'http-01' | 'tls-alpn-01' | 'dns-01';
}

/** Certificates asked of clients. Ours. */
export interface IRouteClientAuth {
  /** `require` refuses clients without a valid certificate, `request` lets them in unauthenticated. */
  mode: 'request' | 'require';
  /** Authorities whose certificates are accepted, PEM. */
  ca: string | string[];
  /**
   * Request header that carries the subject of the client's certificate; a header of that name sent by the client is
   * removed.
   */
  subjectHeader?: string;
}

/** The TLS client side towards the target of `terminate-and-reencrypt`. Ours. */
export interface IRouteBackendTls {
  /** Whether the target's certificate must be valid; default true. */
  rejectUnauthorized?: boolean;
  /** Authorities to trust instead of the system's, PEM. */
  ca?: string | string[];
  /** SNI and name to check; default: the target's host unless it is an address, then the client's domain. */
  servername?: string;
  /** Client certificate and key, PEM. */
  cert?: string;
  /** Key of the client certificate, PEM. */
  key?: string;
  /** Lowest version offered. */
  minVersion?: TTlsVersion;
  /** Highest version offered. */
  maxVersion?: TTlsVersion;
}

export interface IRouteTls {
  /** Whether and where TLS ends. Confirmed. */
  mode: TTlsMode;
  /**
   * `auto`: by ACME or the provision function; `self-signed`: made at start, for tests and first steps (ours); or given.
   * Absent: the certificate of the options. Confirmed.
   */
  certificate?: 'auto' | 'self-signed' | ICertificateConfig;
  /** In place of the options' settings. Recalled. */
  acme?: IRouteAcme;
  /** Accepted versions; default both. Recalled. */
  versions?: TTlsVersion[];
  /** OpenSSL cipher list. Recalled. */
  ciphers?: string;
  /** Our order of ciphers counts, not the client's. Recalled. */
  honorCipherOrder?: boolean;
  /** Seconds a session may be resumed; default 86,400. Recalled. */
  sessionTimeout?: number;
  /** Certificates asked of clients. Ours. */
  clientAuth?: IRouteClientAuth;
  /** TLS to the target, with `terminate-and-reencrypt`. Ours. */
  backend?: IRouteBackendTls;
}
