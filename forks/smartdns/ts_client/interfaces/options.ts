/**
 * How resolvers are configured and asked.
 *
 * @module
 */
import type { SecureContextOptions } from 'node:tls';
import type { IDnsCacheOptions } from '../cache/cache.ts';
import type { TClientSource } from './answers.ts';

/** One resolver, in full. */
export interface IUpstreamOptions {
  /** `udp` goes on over TCP by itself where it must. */
  readonly protocol: TClientSource;
  /** IP address; for `tcp`, `tls` and `https` also a host name. Not used by `system`. */
  readonly host?: string;
  /** Default 53, 853 for `tls`, 443 for `https`. */
  readonly port?: number;
  /** The name that the certificate must carry. Default: `host`. */
  readonly servername?: string;
  /** Addresses of a `host` that is a name, so that no other resolver is needed. */
  readonly addresses?: readonly string[];
  /** `https` only; default `/dns-query`. */
  readonly path?: string;
  /** `https` only; default `POST`. */
  readonly method?: 'POST' | 'GET';
  /** Certificate authorities trusted instead of Node's own. */
  readonly ca?: SecureContextOptions['ca'];
  /** Default true. With false the connection is encrypted, but to whomever answers. */
  readonly rejectUnauthorized?: boolean;
}

/**
 * A resolver: `1.1.1.1`, `1.1.1.1:5353`, `[2606:4700:4700::1111]:53`, `udp://…`, `tcp://…`,
 * `tls://1.1.1.1#cloudflare-dns.com` (the name after `#` is the certificate's), `https://host/dns-query`, `system`,
 * or an object.
 */
export type TUpstream = string | IUpstreamOptions;

export interface IResolverOptions {
  /** Asked in this order; those that fail are passed over for a while. */
  readonly upstreams?: readonly TUpstream[];
  /** Milliseconds for one `resolve()`. Default 5,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for the first attempt over UDP, doubled with every round over the resolvers. Default 1,000. */
  readonly attemptTimeoutMs?: number;
  /** Attempts of one question over all resolvers. Default 6. */
  readonly attemptsMax?: number;
  /** Begin with another resolver for every question. Default false: the first one that works. */
  readonly rotate?: boolean;
  /** RD. Default true. */
  readonly recursionDesired?: boolean;
  /** Ask for signatures (DO). Default false; AD is asked for either way (RFC 6840 §5.7). */
  readonly dnssec?: boolean;
  /** Mix the case of names asked over UDP and insist on it in the reply. Default true. */
  readonly randomizeCase?: boolean;
  /** Use DNS cookies with UDP resolvers (RFC 7873). Default true. */
  readonly cookies?: boolean;
  /** Questions per UDP socket. Default 1: every question from its own random port. */
  readonly queriesPerSocket?: number;
  /** Pad queries over TLS and HTTPS (RFC 8467). Default true. */
  readonly padding?: boolean;
  /** Milliseconds that an unused connection stays open. Default 10,000. */
  readonly idleMs?: number;
  /** `false` turns the cache off. */
  readonly cache?: IDnsCacheOptions | false;
  /** Questions being asked at one time. Default 1,000. */
  readonly inFlightMax?: number;
  /** Questions waiting for a place. Default 4,000. */
  readonly waitingMax?: number;
  /** Answer `localhost`, `invalid` and `onion` names without asking (RFC 6761, RFC 7686). Default true. */
  readonly specialNames?: boolean;
  /** The system resolver's settings. */
  readonly system?: ISystemOptions;
}

export interface ISystemOptions {
  /** Name servers instead of the machine's, as `dns.setServers()` takes them; then the hosts file is read by us. */
  readonly servers?: readonly string[];
  /** Default `/etc/hosts`, or where the platform has it. */
  readonly hostsFile?: string;
}

export interface IResolveOptions {
  /** Overrides the resolver's own. */
  readonly timeoutMs?: number;
  readonly dnssec?: boolean;
  /** CD: the resolver shall not validate. Default false. */
  readonly checkingDisabled?: boolean;
  /** `refresh` asks and stores, `bypass` asks and leaves the cache alone. Default `use`. */
  readonly cache?: 'use' | 'refresh' | 'bypass';
  /** Gives up waiting; rejects with `EABORTED`. */
  readonly signal?: AbortSignal;
}
