/**
 * Which resolvers a strategy asks, and when it goes on to the next.
 *
 * @module
 */
import { DnsError } from '../errors/errors.ts';
import type { ISmartDnsConstructorOptions, TResolutionStrategy } from './options.ts';

/** A group of resolvers. */
export type TRoute = 'system' | 'udp' | 'doh' | 'dot';

export interface IPlan {
  readonly routes: readonly TRoute[];
  /** Whether "no records" is a reason to ask the next route; a failure always is. */
  readonly onEmpty: boolean;
}

const steps: Readonly<Record<TResolutionStrategy, readonly TRoute[]>> = {
  'system': ['system'],
  'udp': ['udp'],
  'doh': ['doh'],
  'dot': ['dot'],
  'prefer-system': ['system', 'doh'],
  'prefer-udp': ['udp', 'doh'],
};

/**
 * The plan of a strategy.
 *
 * @throws DnsError `EBADOPTION` for an unknown strategy
 */
export function planFor(options: ISmartDnsConstructorOptions): IPlan {
  const strategy = options.strategy ?? 'prefer-system';
  const routes = Object.hasOwn(steps, strategy) ? steps[strategy] : undefined;
  if (routes === undefined) throw new DnsError('EBADOPTION', { note: `unknown strategy '${String(strategy)}'` });
  const first = routes.slice(0, 1);
  return {
    // A caller who forbids DoH gets none, whatever the strategy falls back to.
    routes: options.allowDohFallback === false ? first : routes,
    // The system may answer from the hosts file or an old cache; a public resolver's "no" is as good over DoH.
    onEmpty: strategy === 'prefer-system',
  };
}
