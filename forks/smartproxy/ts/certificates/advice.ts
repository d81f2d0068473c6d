/**
 * What an ACME configuration lacks, said before an order fails.
 *
 * @module
 */
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import { domainsOf } from '../route/kind.ts';
import { uniqueNames } from '../route/names.ts';

/** A sentence for each thing that keeps certificates of routes from being ordered. */
export function acmeAdvice(options: ISmartProxyOptions): string[] {
  const { acme, routes, certProvisionFunction } = options;
  const names = uniqueNames(routes);
  const advice: string[] = [];
  for (const [at, route] of routes.entries()) {
    const settings = route.action.tls;
    if (settings?.certificate !== 'auto' || route.enabled === false) continue;
    const say = (what: string): unknown => advice.push(`route ${names[at]}: ${what}`);
    if (acme?.enabled === false) {
      if (certProvisionFunction === undefined) say('acme.enabled is false, and there is no certProvisionFunction');
      continue;
    }
    const email = settings.acme?.email ?? acme?.email ?? acme?.accountEmail;
    if (email === undefined && acme?.directoryUrl === undefined)
      say("acme.email is missing, which Let's Encrypt needs");
    const domains = domainsOf(route);
    if (domains.length === 0) say('match.domains is missing: there is no name to order for');
    for (const domain of domains) {
      const stars = domain.split('*').length - 1;
      if (stars === 0) continue;
      if (stars > 1 || !domain.startsWith('*.')) say(`${domain} is a pattern that no certificate can have`);
      else if (acme?.dnsChallenge === undefined)
        say(`${domain} needs acme.dnsChallenge: wildcards are checked by dns-01`);
    }
  }
  return advice;
}
