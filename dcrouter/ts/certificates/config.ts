/**
 * What a configuration asks of dns-01 that it cannot give.
 *
 * @module
 */
import type { TConfig, TRouteConfig } from '../config/schema/index.ts';
import { domainsOf } from '../config/route-facts.ts';
import { zoneHolding } from './zone-names.ts';

interface IComplaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Names of routes with automatic certificates that only dns-01 can prove, in no zone of ours. */
export function challengeComplaints(config: TConfig): IComplaint[] {
  if (config.proxy?.acme?.enabled !== true) return [];
  const zones = Object.keys(config.dns?.zones ?? {});
  return config.proxy.routes.flatMap((route, index) => {
    const { tls } = route.action;
    if (route.enabled === false || tls?.certificate !== 'auto') return [];
    const path = ['proxy', 'routes', index];
    return provableByDns(route).flatMap((domain): IComplaint[] => {
      const { challenge } = tls.acme ?? {};
      if (challenge !== undefined && challenge !== 'dns-01') {
        const message = `got '${challenge}', which cannot prove ${domain}; use dns-01, or leave it out`;
        return [{ path: [...path, 'action', 'tls', 'acme', 'challenge'], message }];
      }
      const bare = domain.replace(/^\*\./, '');
      if (zoneHolding(`_acme-challenge.${bare}`, zones) !== undefined) return [];
      const message = `${domain} needs a dns-01 challenge, and no zone of dns.zones holds ${bare}; add its zone`;
      return [{ path: [...path, 'match', 'domains'], message }];
    });
  });
}

/** Wildcards of a whole label; of a route that wants dns-01, every name. Other patterns are never ordered. */
function provableByDns(route: TRouteConfig): string[] {
  const all = route.action.tls?.acme?.challenge === 'dns-01';
  return domainsOf(route).filter((domain) => {
    const wildcard = domain.startsWith('*.');
    const bare = wildcard ? domain.slice(2) : domain;
    return !bare.includes('*') && (all || wildcard);
  });
}
