/**
 * From the proxy's options and routes to what the certificate manager is told.
 *
 * @module
 */
import { readFileSync } from 'node:fs';

import { letsEncryptDirectory } from '@dcrouter/acme';

import type { IAcmeOptions, IProxyLogger, ISmartProxyOptions } from '../interfaces/options.ts';
import type { IRouteConfig } from '../interfaces/route.ts';
import type { ICertificateConfig } from '../interfaces/tls.ts';
import * as limits from '../limits/certificates.ts';
import type { ICertificateManagerOptions, ICertificateRoute, IStaticCertificate, TCertificateLog } from './types.ts';

/** A route with the name that the proxy gave it. */
export interface INamedRoute {
  readonly name: string;
  readonly config: IRouteConfig;
}

/** What the options say; hooks into the proxy are the caller's. */
export function certificateOptions(
  options: ISmartProxyOptions,
): Omit<ICertificateManagerOptions, 'onMaterial' | 'onEvent' | 'openChallengePort'> {
  const acme = options.acme ?? {};
  const { logger } = options;
  return {
    certDir: acme.certificateStore ?? limits.storeDirectory,
    storage: acme.storage,
    directoryUrl: directoryOf(acme, acme.useProduction === true || acme.environment === 'production'),
    acmeEnabled: acme.enabled !== false,
    email: acme.email ?? acme.accountEmail,
    // As upstream for Let's Encrypt; a private CA may not care.
    emailRequired: acme.directoryUrl === undefined,
    trustedRoots: acme.directoryCa,
    dnsChallenge: acme.dnsChallenge,
    challengePort: acme.port ?? limits.challengePort,
    renewThresholdDays: acme.renewThresholdDays,
    renewCheckIntervalHours: acme.renewCheckIntervalHours,
    autoRenew: acme.autoRenew,
    certProvisionFunction: options.certProvisionFunction,
    certProvisionFallbackToAcme: options.certProvisionFallbackToAcme,
    log: logger === undefined ? undefined : logTo(logger),
  };
}

function logTo(logger: IProxyLogger): TCertificateLog {
  return (level, message) => logger[level](message, { component: 'certificates' });
}

/** Upstream's default is the test CA: certificates nobody trusts cost nobody a rate limit. */
function directoryOf(acme: IAcmeOptions, production: boolean): string {
  return acme.directoryUrl ?? letsEncryptDirectory[production ? 'production' : 'staging'];
}

/** The routes that the manager is to know: those that terminate TLS with a certificate of their own. */
export function certificateRoutes(routes: readonly INamedRoute[], options: ISmartProxyOptions): ICertificateRoute[] {
  return routes.flatMap(({ name, config }) => {
    const settings = config.action.tls;
    const certificate = settings?.certificate;
    if (settings === undefined || certificate === undefined || settings.mode === 'passthrough') return [];
    const choice = typeof certificate === 'string' ? certificate : readStatic(certificate);
    if (choice === undefined) return [];
    const { domains } = config.match;
    const names = domains === undefined ? [] : typeof domains === 'string' ? [domains] : domains;
    const own = settings.acme;
    const ownDirectory =
      own?.useProduction === undefined ? undefined : directoryOf(options.acme ?? {}, own.useProduction);
    return [
      {
        name,
        domains: names,
        certificate: choice,
        email: own?.email,
        directoryUrl: ownDirectory,
        renewThresholdDays: own?.renewBeforeDays,
        challengePort: own?.challengePort,
        challengeTypes: own?.challenge === undefined ? undefined : [own.challenge],
      },
    ];
  });
}

/** The certificate of a route as far as it can be read, to watch its expiry; TLS itself complains about the rest. */
function readStatic(config: ICertificateConfig): IStaticCertificate | undefined {
  try {
    const cert = config.cert ?? readFileSync(config.certFile ?? '', 'utf8');
    // The key is TLS's business; here it is never used.
    return { cert, key: '', ca: config.ca };
  } catch {
    return undefined;
  }
}
