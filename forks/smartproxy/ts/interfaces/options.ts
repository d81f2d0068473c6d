/**
 * The options of a proxy. Names and defaults follow upstream 21.x.
 *
 * @module
 */
import type { IRouteConfig } from './route.ts';
import type { IRouteSecurity } from './security.ts';
import type { TTlsVersion } from './tls.ts';

/** A certificate from a provision function (upstream's type comes from tsclass). Confirmed name, recalled members. */
export interface IProvisionedCertificate {
  id?: string;
  domainName: string;
  created?: number;
  /** Unix time in milliseconds. */
  validUntil?: number;
  /** PEM. */
  privateKey: string;
  /** Chain, leaf first, PEM. */
  publicKey: string;
  csr?: string;
}

/** A certificate, or `http01` to leave the domain to ACME. Confirmed. */
export type TSmartProxyCertProvisionObject = IProvisionedCertificate | 'http01';

/** Publishes and removes the TXT record of a dns-01 challenge (RFC 8555 §8.4). Ours. */
export interface IDnsChallengeHandler {
  set(name: string, value: string): Promise<void>;
  remove(name: string, value: string): Promise<void>;
}

/** Defaults for every route whose certificate is `auto`. Confirmed. */
export interface IAcmeOptions {
  /** Confirmed. */
  enabled?: boolean;
  /** Needed as soon as a route's certificate is `auto`. Confirmed. */
  email?: string;
  /** Another name of `email`. Confirmed. */
  accountEmail?: string;
  /** Confirmed. */
  environment?: 'production' | 'staging';
  /** Default false. Confirmed. */
  useProduction?: boolean;
  /** Port on which http-01 challenges are answered, default 80. Confirmed. */
  port?: number;
  /** Default 30. Confirmed. */
  renewThresholdDays?: number;
  /** Default true. Confirmed. */
  autoRenew?: boolean;
  /** Default 24. Confirmed. */
  renewCheckIntervalHours?: number;
  /** Folder of certificates and account, default `./certs`. Confirmed. */
  certificateStore?: string;
  /** Leave domains alone that have a certificate of the configuration. Confirmed. */
  skipConfiguredCerts?: boolean;
  /** Another directory than Let's Encrypt's. Ours. */
  directoryUrl?: string;
  /** Authorities to trust for the directory itself, PEM. Ours. */
  directoryCa?: string;
  /** Needed for dns-01. Ours. */
  dnsChallenge?: IDnsChallengeHandler;
}

/** What applies where a route says nothing. Confirmed. */
export interface ISmartProxyDefaults {
  /** Where connections go that match no route. Confirmed. */
  target?: { host: string; port: number };
  /** Address lists and limits of every route; a route's own member replaces the default's. Confirmed. */
  security?: IRouteSecurity;
  /** Confirmed. */
  preserveSourceIP?: boolean;
}

/** Sampling of the grouped metrics. Recalled. */
export interface IMetricsConfig {
  /** Default true. Recalled. */
  enabled?: boolean;
  /** Default 1,000. Recalled. */
  sampleIntervalMs?: number;
  /** Default 3,600. Recalled. */
  retentionSeconds?: number;
}

/** Where the proxy writes its own log lines; nothing is written without one. Ours. */
export interface IProxyLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface ISmartProxyOptions {
  /** Confirmed. */
  routes: IRouteConfig[];
  /**
   * Bind a free port of the system's choice for each port that the routes name; `listeningPort(port)` tells which. For
   * tests. Ours.
   */
  ephemeralPorts?: boolean;
  /** Address to listen on; default all, IPv4 and IPv6. Ours. */
  listenAddress?: string;
  /** Addresses and networks that may send PROXY protocol headers. Confirmed. */
  proxyIPs?: string[];
  /** Default: true where `proxyIPs` is filled. Confirmed. */
  acceptProxyProtocol?: boolean;
  /** Default of every action; `true` is v1. Confirmed; choosing the version is ours. */
  sendProxyProtocol?: boolean | 'v1' | 'v2';
  /** Confirmed. */
  preserveSourceIP?: boolean;
  /** Confirmed. */
  defaults?: ISmartProxyDefaults;

  /** Milliseconds without data until a connection is closed; default 14,400,000 (4 h). Confirmed. */
  inactivityTimeout?: number;
  /** `standard`: the plain time, `extended`: times the multiplier, `immortal`: never. Default `extended`. Confirmed. */
  keepAliveTreatment?: 'standard' | 'extended' | 'immortal';
  /** Default 6. Confirmed. */
  keepAliveInactivityMultiplier?: number;
  /** Milliseconds a connection may live under the `extended` treatment; default 7 days. Recalled. */
  extendedKeepAliveLifetime?: number;
  /** Milliseconds to connect to a target; default 30,000. Recalled. */
  connectionTimeout?: number;
  /** Milliseconds until the first bytes of a client; default 120,000. Recalled. */
  initialDataTimeout?: number;
  /** Milliseconds without data on a socket; default 3,600,000. Recalled. */
  socketTimeout?: number;
  /** Milliseconds a connection may live; default 86,400,000. Recalled. */
  maxConnectionLifetime?: number;
  /** Milliseconds; deadlines stand in a timer wheel, so this is accepted and unused. Default 60,000. Recalled. */
  inactivityCheckInterval?: number;
  /** Milliseconds that `stop` waits for open connections; default 30,000. Recalled. */
  gracefulShutdownTimeout?: number;
  /** Default true. Recalled. */
  noDelay?: boolean;
  /** TCP keep-alive, default true. Recalled. */
  keepAlive?: boolean;
  /** Milliseconds, default 10,000. Recalled. */
  keepAliveInitialDelay?: number;
  /** Bytes held for a client while its target connects; default 10 MiB. Recalled. */
  maxPendingDataSize?: number;
  /** Default false. Recalled. */
  disableInactivityCheck?: boolean;
  /** Spreads time-outs by ± 5 %; default false. Recalled. */
  enableRandomizedTimeouts?: boolean;
  /** Default true. Recalled. */
  enableKeepAliveProbes?: boolean;

  /** Open connections of all clients; default 10,000, 0: no limit. Recalled. */
  maxConnections?: number;
  /** Open connections of one address; default 100, 0: no limit. Confirmed. */
  maxConnectionsPerIP?: number;
  /** New connections of one address per minute; default 300, 0: no limit. Confirmed. */
  connectionRateLimitPerMinute?: number;

  /** PKCS #12 bundle with the default certificate. Confirmed. */
  pfx?: Buffer;
  /** Key of the default certificate. Confirmed. */
  key?: string | Buffer | Array<string | Buffer>;
  /** Confirmed. */
  cert?: string | Buffer | Array<string | Buffer>;
  /** Confirmed. */
  passphrase?: string;
  /** Recalled. */
  ca?: string | Buffer | Array<string | Buffer>;
  /** Recalled. */
  ciphers?: string;
  /** Recalled. */
  honorCipherOrder?: boolean;
  /** Of targets under `terminate-and-reencrypt`; default true. Recalled. */
  rejectUnauthorized?: boolean;
  /** Default TLSv1.2. Recalled. */
  minVersion?: TTlsVersion;
  /** Default TLSv1.3. Recalled. */
  maxVersion?: TTlsVersion;
  /** `false` refuses resumption without SNI on passthrough ports. Confirmed. */
  allowSessionTicket?: boolean;
  /** Confirmed. */
  acme?: IAcmeOptions;
  /** Confirmed name, recalled signature. */
  certProvisionFunction?: (domain: string) => Promise<TSmartProxyCertProvisionObject>;
  /** Default true. Confirmed. */
  certProvisionFallbackToAcme?: boolean;

  /** Accepted and unused: HTTP is handled on the port itself. Confirmed. */
  useHttpProxy?: number[];
  /** Accepted and unused: HTTP is handled on the port itself. Confirmed. */
  httpProxyPort?: number;
  /** Confirmed. */
  enableDetailedLogging?: boolean;
  /** Confirmed. */
  enableTlsDebugLogging?: boolean;
  /** Recalled. */
  metrics?: IMetricsConfig;
  /** Ours. */
  logger?: IProxyLogger;
  /** Worker processes, or one per core with `auto`; default: none, all in this process. Ours. */
  workers?: number | 'auto';
}
