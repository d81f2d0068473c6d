/**
 * The options of `Smartdns`: upstream's, and ours.
 *
 * @module
 */
import type { IResolverOptions, TUpstream } from '../interfaces/options.ts';

export type TResolutionStrategy = 'doh' | 'udp' | 'system' | 'prefer-system' | 'prefer-udp' | 'dot';

/** Resolvers by route. Default: Cloudflare's public resolvers, as upstream has them built in. */
export interface ISmartDnsResolvers {
  readonly udp?: readonly TUpstream[];
  readonly doh?: readonly TUpstream[];
  readonly dot?: readonly TUpstream[];
}

export interface ISmartDnsConstructorOptions extends Omit<IResolverOptions, 'upstreams'> {
  /** Default `prefer-system`. */
  strategy?: TResolutionStrategy;
  /** Let `prefer-system` and `prefer-udp` go on over DoH. Default true. */
  allowDohFallback?: boolean;
  /** Milliseconds for one question on one route. Default 5,000. */
  timeoutMs?: number;
  /** Which resolvers to ask. */
  resolvers?: ISmartDnsResolvers;
  /**
   * Reject instead of resolving to an empty list when no resolver answers. Default false, as upstream: `getRecords…()`
   * then cannot tell "no records" from "no answer"; `resolve()` always can.
   */
  throwOnError?: boolean;
}

/** Cloudflare's resolvers, with their addresses so that nothing has to be resolved to reach them. */
export const defaultResolvers: Readonly<Record<'udp' | 'doh' | 'dot', readonly TUpstream[]>> = {
  udp: ['1.1.1.1', '1.0.0.1'],
  doh: [{ protocol: 'https', host: 'cloudflare-dns.com', addresses: ['1.1.1.1', '1.0.0.1'] }],
  dot: ['tls://1.1.1.1#cloudflare-dns.com', 'tls://1.0.0.1#cloudflare-dns.com'],
};
