/**
 * From the document's `dns` section to smartdns's options.
 *
 * @module
 */
import type { IDnsServerOptions } from '@dcrouter/smartdns/server';
import type { TDnsConfig } from '../config/schema/index.ts';
import { certificatePairs, type IPairs } from './secure.ts';

/**
 * Everything but the zones, which come and go while the server runs.
 *
 * @throws ConfigError when a certificate file cannot be read
 */
export async function dnsOptions(config: TDnsConfig, pairs?: IPairs): Promise<IDnsServerOptions> {
  const { tcp, authority, identity, limits, cookies } = config;
  const options: { [Key in keyof IDnsServerOptions]: IDnsServerOptions[Key] } = {
    bindInterface: config.address,
    udpPort: config.port,
    udpBindInterface: config.udpAddress,
    udpBatch: config.udpBatch,
    tcpPort: tcp === false ? false : tcp?.port,
    tcpBindInterface: tcp === false ? undefined : tcp?.address,
    httpsBindInterface: config.secureAddress,
    reusePort: config.reusePort,
    forward: config.forward,
    rateLimit: config.rateLimit,
    queryLimit: config.queryLimit,
    cookies: cookies === false ? false : cookies && cookieOptions(cookies),
    tcpConnectionsMax: limits?.tcpConnectionsMax,
    tcpConnectionsPerClientMax: limits?.tcpConnectionsPerClientMax,
    tcpIdleTimeoutMs: limits?.tcpIdleTimeoutMs,
    handlerTimeoutMs: limits?.handlerTimeoutMs,
    serverId: identity?.serverId,
    version: identity?.version,
    enableLocalhostHandling: config.localhost,
    authoritativeZones: authority?.zones,
    primaryNameserver: authority?.primaryNameserver,
    serialStart: authority?.serialStart,
    soa: authority?.soa,
    ...secureOptions(config, pairs ?? (await certificatePairs(config))),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

type TCookies = Exclude<TDnsConfig['cookies'], false | undefined>;

function cookieOptions({ secrets, enforce }: TCookies): IDnsServerOptions['cookies'] {
  return {
    ...(secrets && { secrets: secrets.map((secret) => Buffer.from(secret, 'hex')) }),
    ...(enforce !== undefined && { enforce }),
  };
}

/** DNS over TLS and HTTPS. */
function secureOptions({ https, tls }: TDnsConfig, pairs: IPairs): IDnsServerOptions {
  return {
    ...(https && {
      httpsPort: https.port,
      httpsPath: https.path,
      httpsKey: pairs.https?.key,
      httpsCert: pairs.https?.cert,
    }),
    ...(tls && { tlsPort: tls.port, tlsKey: pairs.tls?.key, tlsCert: pairs.tls?.cert }),
  };
}
