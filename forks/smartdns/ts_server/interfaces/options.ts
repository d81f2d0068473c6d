/**
 * What a server is made of. Upstream's options mean what they mean there; everything else is ours and optional.
 *
 * @module
 */
import type { ICookieOptions } from '../abuse/cookies.ts';
import type { IQueryLimitOptions } from '../abuse/querylimit.ts';
import type { IRateLimitOptions } from '../abuse/ratelimit.ts';
import type { ISharedLimits } from '../abuse/sharedlimits.ts';
import type { IForwardingOptions } from '../pipeline/forwarding.ts';
import type { ISoaOptions } from '../pipeline/authority.ts';
import type { IDnssecOptions } from '../server/zones.ts';
import type { TDnsSource } from './stats.ts';
import type { IZoneOptions } from '../zone/index.ts';

export interface IDnsServerOptions {
  /** PEM text of the key for DoH (and DoT, unless `tlsKey`). DoH is off without key and certificate. */
  httpsKey?: string;
  /** PEM text of the certificate for DoH (and DoT, unless `tlsCert`). */
  httpsCert?: string;
  /** Port of DoH; 0 picks a free one. */
  httpsPort?: number;
  /** Port of UDP, and of TCP unless `tcpPort` says otherwise; 0 picks one that is free on both. No UDP without it. */
  udpPort?: number;
  /** Origin of the zone we speak for; its answers are signed (see `dnssec`). Empty for none. */
  dnssecZone?: string;
  /** IPv4 or IPv6 address; default `bindInterface`. */
  udpBindInterface?: string;
  /** IPv4 or IPv6 address of DoH and DoT; default `bindInterface`. */
  httpsBindInterface?: string;
  /** Opens no UDP or TCP socket: datagrams come through `handleUdpMessage` and `processRawDnsPacket`. */
  manualUdpMode?: boolean;
  /** Opens no DoH socket: connections come through `handleHttpsSocket`. */
  manualHttpsMode?: boolean;
  /** Name of our first name server, in SOA and NS records; default `ns1.<zone>`. */
  primaryNameserver?: string;
  /** Whether `localhost` and loopback reverse names are answered by the server itself; default true. */
  enableLocalhostHandling?: boolean;

  /** Address for every transport without one of its own; default `0.0.0.0`. `::` takes IPv4 too where the system does. */
  bindInterface?: string;
  /** Port of TCP; default the UDP port. `false` turns TCP off, which RFC 7766 forbids for a public server. */
  tcpPort?: number | false;
  /** Address of TCP; default `udpBindInterface`. */
  tcpBindInterface?: string;
  /** Port of DNS over TLS (RFC 7858), 853 as registered; 0 picks a free one. Off without it. */
  tlsPort?: number;
  /** PEM texts for DNS over TLS; default those of HTTPS. */
  tlsKey?: string;
  tlsCert?: string;
  /** Path of DoH; default `/dns-query`. */
  httpsPath?: string;
  /** Origins that we speak for beside `dnssecZone`. */
  authoritativeZones?: string[];
  /** Zones to begin with; more come and go through `server.zones`. */
  zones?: IZoneOptions[];
  /**
   * How `dnssecZone` is signed for clients that ask for it, from `start()` on; `false` for not at all. Default: with a
   * key that ends with the process, so give `keyFolder` before a parent publishes a DS.
   */
  dnssec?: IDnssecOptions | false;
  /**
   * First serial of zones whose SOA the server makes; default the Unix time when it was made. Several servers for one
   * zone need the same one.
   */
  serialStart?: number;
  /** SOA fields for zones whose handlers give none. */
  soa?: ISoaOptions;
  /** Milliseconds an asynchronous handler or middleware may take; default 4,000. */
  handlerTimeoutMs?: number;
  /** Answer to `id.server` and `hostname.bind` in class CH (RFC 4892); refused when not set. */
  serverId?: string;
  /** Answer to `version.server` and `version.bind`; refused when not set. */
  version?: string;
  /** Servers to ask for names outside our zones, for clients in `allowFrom`; off without it. */
  forward?: IForwardingOptions;
  /** Limits like answers to one network over UDP; off without it. */
  rateLimit?: IRateLimitOptions;
  /** Limits queries of one client; off without it. */
  queryLimit?: IQueryLimitOptions;
  /** Lets `rateLimit` and `queryLimit` count with the other workers of a pool, which gives it. */
  sharedLimits?: ISharedLimits;
  /** DNS cookies (RFC 7873, RFC 9018); on with a random secret unless `false`. */
  cookies?: ICookieOptions | false;
  /**
   * Receives and sends many UDP datagrams per system call, which takes less than half the CPU under load. Needs Linux on
   * x64 or arm64 and a Node with `node:ffi`, which is experimental and says so; elsewhere UDP works as without it, and
   * `server.batchUnavailable` tells why. Default false.
   */
  udpBatch?: boolean;
  /** Shares ports between processes or threads, where the system has SO_REUSEPORT. */
  reusePort?: boolean;
  /**
   * Asked before a socket is opened: the descriptor of one that listens already (is bound, for `udp`), from systemd or
   * from the process before, which then belongs to the server; undefined to bind the port. A `udp` socket has the family
   * of the configured address.
   */
  takeListener?: (transport: TDnsSource) => number | undefined;
  /** TCP and TLS connections at once; default 10,000. */
  tcpConnectionsMax?: number;
  /** TCP and TLS connections of one client address; default 100. */
  tcpConnectionsPerClientMax?: number;
  /** Milliseconds a TCP or TLS connection may stay without a query; default 10,000. */
  tcpIdleTimeoutMs?: number;
}

/** Where the server listens, after `start()`. */
export interface IDnsListenAddresses {
  readonly udp?: { readonly address: string; readonly port: number };
  readonly tcp?: { readonly address: string; readonly port: number };
  readonly tls?: { readonly address: string; readonly port: number };
  readonly https?: { readonly address: string; readonly port: number };
}
