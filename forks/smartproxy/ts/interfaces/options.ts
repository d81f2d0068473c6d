/**
 * The options of a proxy. Names and defaults follow upstream 21.x.
 *
 * @module
 */
import type { ICertificateStorage } from './certificate-storage.ts';
import type { IProxyPolicy } from './policy.ts';
import type { IRouteConfig } from './route.ts';
import type { IDefaultSecurity } from './security.ts';
import type { TTlsVersion } from './tls.ts';
import type { ITargetResolver } from './upstreams.ts';

/** A certificate from a provision function (upstream's type comes from tsclass). Confirmed name, recalled members. */
export interface IProvisionedCertificate {
  /** Not read. */
  id?: string;
  /** The domain that was asked for. */
  domainName: string;
  /** Not read: the certificate says it itself. */
  created?: number;
  /** Unix time in milliseconds. */
  validUntil?: number;
  /** PEM. */
  privateKey: string;
  /** Chain, leaf first, PEM. */
  publicKey: string;
  /** Not read. */
  csr?: string;
}

/** A certificate, or `http01` to leave the domain to ACME. Confirmed. */
export type TSmartProxyCertProvisionObject = IProvisionedCertificate | 'http01';

/** Publishes and removes the TXT record of a dns-01 challenge (RFC 8555 §8.4). Ours. */
export interface IDnsChallengeHandler {
  /** Publishes the record; resolves when the name servers answer it. */
  set(name: string, value: string): Promise<void>;
  /** Removes the record again. */
  remove(name: string, value: string): Promise<void>;
  /**
   * Whether records can be published for a domain. Asked where another challenge would do as well; without it they can
   * for every one. Ours.
   */
  covers?(domain: string): boolean;
}

/** Defaults for every route whose certificate is `auto`. Confirmed. */
export interface IAcmeOptions {
  /** `false` leaves every domain to the provision function and to given certificates; default true. Confirmed. */
  enabled?: boolean;
  /** Of the account; needed as soon as a route's certificate is `auto`. Confirmed. */
  email?: string;
  /** Another name of `email`. Confirmed. */
  accountEmail?: string;
  /** `production` is another spelling of `useProduction: true`. Confirmed. */
  environment?: 'production' | 'staging';
  /** Certificates that browsers trust, default false. Confirmed. */
  useProduction?: boolean;
  /** Port on which http-01 challenges are answered, default 80. Confirmed. */
  port?: number;
  /** Days before expiry at which renewal starts, default 30. Confirmed. */
  renewThresholdDays?: number;
  /** Renew before expiry, default true. Confirmed. */
  autoRenew?: boolean;
  /** Hours between looks at the certificates, default 24. Confirmed. */
  renewCheckIntervalHours?: number;
  /** Folder of certificates and account, default `./certs`. Confirmed. */
  certificateStore?: string;
  /** Where certificates and accounts are kept instead of the folder: several nodes may share it. Ours. */
  storage?: ICertificateStorage;
  /** Accepted and unused: each route says where its certificate comes from, and only for `auto` is one ordered. Confirmed. */
  skipConfiguredCerts?: boolean;
  /** Accepted and unused: answers to challenges stand before all routes. Confirmed. */
  routeForwards?: unknown[];
  /** Another directory than Let's Encrypt's. Ours. */
  directoryUrl?: string;
  /** Authorities to trust for the directory itself, PEM. Ours. */
  directoryCa?: string;
  /** Publishes the records of dns-01 challenges, which need it. Ours. */
  dnsChallenge?: IDnsChallengeHandler;
}

/** What applies where a route says nothing. Confirmed. */
export interface ISmartProxyDefaults {
  /** Where connections go that match no route, on every open port, those of `addListeningPort` included. Confirmed. */
  target?: { host: string; port: number };
  /** Address lists and limits of every route; a route's own member replaces the default's. Confirmed. */
  security?: IDefaultSecurity;
  /** Accepted and unused, as the option of the same name. Confirmed. */
  preserveSourceIP?: boolean;
}

/** Sampling of the grouped metrics. Recalled. */
export interface IMetricsConfig {
  /** Keep samples for `getMetrics`, default true. Recalled. */
  enabled?: boolean;
  /** Milliseconds; samples are taken once a second, so this is accepted and unused. Default 1,000. Recalled. */
  sampleIntervalMs?: number;
  /** Seconds that samples are kept, default 3,600. Recalled. */
  retentionSeconds?: number;
  /** Accepted and unused: routes and addresses are always told apart. Recalled. */
  enableDetailedTracking?: boolean;
  /** Accepted and unused: quantiles are always there. Recalled. */
  enablePercentiles?: boolean;
  /** Milliseconds; numbers are read where they are counted, so this is accepted and unused. Recalled. */
  cacheResultsMs?: number;
}

/** Where the proxy writes its own log lines; nothing is written without one. Ours. */
export interface IProxyLogger {
  /** What helps to follow one connection. */
  debug(message: string, fields?: Record<string, unknown>): void;
  /** What an operator wants to know. */
  info(message: string, fields?: Record<string, unknown>): void;
  /** What somebody should look at. */
  warn(message: string, fields?: Record<string, unknown>): void;
  /** What is broken. */
  error(message: string, fields?: Record<string, unknown>): void;
}

/** How requests are named. Ours. */
export interface IRequestIdOptions {
  /** Field that carries the id to the target and in the response to the client; default `X-Request-Id`. Ours. */
  header?: string;
  /** Keep an id that the client sends, if it is at most 128 visible characters; default false. Ours. */
  accept?: boolean;
}

export interface ISmartProxyOptions {
  /** What to listen for and what to do with it. Confirmed. */
  routes: IRouteConfig[];
  /**
   * Bind a free port of the system's choice for each port that the routes name; `listeningPort(port)` tells which. For
   * tests. Ours.
   */
  ephemeralPorts?: boolean;
  /** Address to listen on; default all, IPv4 and IPv6. Ours. */
  listenAddress?: string;
  /**
   * Asked before a port is opened: the descriptor of a TCP socket that listens already, from systemd or from the process
   * before, which then belongs to the proxy; undefined to bind the port. Not with `workers`, which bind it themselves.
   * Ours.
   */
  takeListener?: (port: number) => number | undefined;
  /**
   * Processes that serve, `auto`: one per core. Default: none, this process serves itself. Routes must be data alone:
   * functions cannot cross processes. Limits, rates and connections to targets are counted over all of them. Ours.
   */
  workers?: number | 'auto';
  /** Decides about connections and requests; `setPolicy` replaces it. Not with `workers`: functions cannot cross processes. Ours. */
  policy?: IProxyPolicy;
  /**
   * Finds the addresses of targets that are named, in place of the system; tried with those of the other family in
   * between, the next one after 250 ms (RFC 8305). Not together with `workers`. Ours.
   */
  resolver?: ITargetResolver;
  /** Addresses and networks that may send PROXY protocol headers. Confirmed. */
  proxyIPs?: string[];
  /** Read PROXY protocol headers; default: true where `proxyIPs` is filled. Confirmed. */
  acceptProxyProtocol?: boolean;
  /** What actions do that do not say it themselves; `true` is v1, default false. Confirmed; choosing the version is ours. */
  sendProxyProtocol?: boolean | 'v1' | 'v2';
  /** Accepted and unused: a target learns the client's address by the PROXY protocol or forwarded fields. Confirmed. */
  preserveSourceIP?: boolean;
  /** What applies where a route says nothing. Confirmed. */
  defaults?: ISmartProxyDefaults;

  /** Milliseconds without data until a connection is closed; default 14,400,000 (4 h). Confirmed. */
  inactivityTimeout?: number;
  /** `standard`: the plain time, `extended`: times the multiplier, `immortal`: never. Default `extended`. Confirmed. */
  keepAliveTreatment?: 'standard' | 'extended' | 'immortal';
  /** Factor of the `extended` treatment, default 6. Confirmed. */
  keepAliveInactivityMultiplier?: number;
  /** Milliseconds a connection may live under the `extended` treatment; default 7 days. Recalled. */
  extendedKeepAliveLifetime?: number;
  /** Milliseconds to connect to a target; default 30,000. Recalled. */
  connectionTimeout?: number;
  /** Milliseconds until the first bytes of a client; default 120,000. Recalled. */
  initialDataTimeout?: number;
  /**
   * Milliseconds without data while a request or response is under way; default 120,000 (upstream: 3,600,000). Recalled.
   */
  socketTimeout?: number;
  /** Milliseconds a connection may live; default 86,400,000. Recalled. */
  maxConnectionLifetime?: number;
  /** Milliseconds; deadlines stand in a timer wheel, so this is accepted and unused. Default 60,000. Recalled. */
  inactivityCheckInterval?: number;
  /** Milliseconds that `stop` waits for open connections; default 30,000. Recalled. */
  gracefulShutdownTimeout?: number;
  /** Send small packets at once, default true. Recalled. */
  noDelay?: boolean;
  /**
   * `net`: sockets are Node's own streams; default `auto`: TCP handles of Node where it shows them, which is faster;
   * `ring`: busy ones of these move into an io_uring, which is faster still, where Linux is 6.1 or later and lets
   * processes have one, and Node has `node:ffi`, which is experimental and says so. Elsewhere it is `auto`. Ours.
   */
  sockets?: 'auto' | 'net' | 'ring';
  /** TCP keep-alive, default true. Recalled. */
  keepAlive?: boolean;
  /** Milliseconds of silence until the first TCP keep-alive probe, default 10,000. Recalled. */
  keepAliveInitialDelay?: number;
  /** Bytes; reading pauses while a target connects, so this is accepted and unused. Default 10 MiB. Recalled. */
  maxPendingDataSize?: number;
  /** No inactivity time-out at all, default false. Recalled. */
  disableInactivityCheck?: boolean;
  /** Accepted and unused: time-outs are kept to their time. Recalled. */
  enableRandomizedTimeouts?: boolean;
  /** TCP keep-alive where `keepAlive` says nothing, default true. Recalled. */
  enableKeepAliveProbes?: boolean;

  /** Open connections of all clients; default 10,000, 0: no limit. Recalled. */
  maxConnections?: number;
  /** Open connections of one address; default 100, 0: no limit. Confirmed. */
  maxConnectionsPerIP?: number;
  /** New connections of one address per minute; default 0: no limit. Confirmed; upstream's default is 300. */
  connectionRateLimitPerMinute?: number;

  /** PKCS #12 bundle with the default certificate. Confirmed. */
  pfx?: Buffer;
  /** Key of the default certificate. Confirmed. */
  key?: string | Buffer | Array<string | Buffer>;
  /** Chain of the default certificate. Confirmed. */
  cert?: string | Buffer | Array<string | Buffer>;
  /** Of an encrypted `key` or `pfx`. Confirmed. */
  passphrase?: string;
  /** Further certificates of the default chain. Recalled. */
  ca?: string | Buffer | Array<string | Buffer>;
  /** OpenSSL cipher list. Recalled. */
  ciphers?: string;
  /** Our order of ciphers counts, not the client's; default true. Recalled. */
  honorCipherOrder?: boolean;
  /** Of targets under `terminate-and-reencrypt`; default true. Recalled. */
  rejectUnauthorized?: boolean;
  /** Lowest accepted version, default TLSv1.2. Recalled. */
  minVersion?: TTlsVersion;
  /** Highest accepted version, default TLSv1.3. Recalled. */
  maxVersion?: TTlsVersion;
  /** `false` refuses resumption without SNI on passthrough ports. Confirmed. */
  allowSessionTicket?: boolean;
  /** Hours after which the keys of session tickets are replaced; default 24, 0: never, at most 168. Ours. */
  ticketKeyRotationHours?: number;
  /** Certificates by ACME for routes whose certificate is `auto`. Confirmed. */
  acme?: IAcmeOptions;
  /** Asked for a certificate before ACME is. Confirmed name, recalled signature. */
  certProvisionFunction?: (domain: string) => Promise<TSmartProxyCertProvisionObject>;
  /** ACME where the function fails, default true. Confirmed. */
  certProvisionFallbackToAcme?: boolean;

  /** Accepted and unused: HTTP is handled on the port itself. Confirmed. */
  useHttpProxy?: number[];
  /** Accepted and unused: HTTP is handled on the port itself. Confirmed. */
  httpProxyPort?: number;
  /** Accepted and unused: a logger gets every line and chooses by level. Confirmed. */
  enableDetailedLogging?: boolean;
  /** Accepted and unused: handshakes that fail are counted by reason and told by `tls-error`. Confirmed. */
  enableTlsDebugLogging?: boolean;
  /** Sampling of the grouped metrics. Recalled. */
  metrics?: IMetricsConfig;
  /** Gives every HTTP request an id, told to target and client and by `request-completed`; default: none. Ours. */
  requestId?: IRequestIdOptions;
  /** Takes the proxy's log lines; nothing is logged without one. Ours. */
  logger?: IProxyLogger;
}
