/**
 * From the document's `dns` section to smartdns's options.
 *
 * @module
 */
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IDnsServerOptions } from '@dcrouter/smartdns/server';
import { readNamedText } from '../config/files.ts';
import type { TDnsConfig, TGivenCertificate } from '../config/schema/index.ts';

/**
 * Everything but the zones, which come and go while the server runs.
 *
 * @throws ConfigError when a certificate file cannot be read
 */
export async function dnsOptions(config: TDnsConfig): Promise<IDnsServerOptions> {
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
    ...(await secureOptions(config)),
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
async function secureOptions({ https, tls }: TDnsConfig): Promise<IDnsServerOptions> {
  const web = https && (await pairOf(https.certificate, 'dns.https.certificate'));
  const own = tls?.certificate && (await pairOf(tls.certificate, 'dns.tls.certificate'));
  return {
    ...(https && { httpsPort: https.port, httpsPath: https.path, httpsKey: web?.key, httpsCert: web?.cert }),
    ...(tls && { tlsPort: tls.port, tlsKey: own?.key ?? web?.key, tlsCert: own?.cert ?? web?.cert }),
  };
}

async function pairOf(
  certificate: 'self-signed' | TGivenCertificate,
  path: string,
): Promise<{ key: string; cert: string }> {
  if (certificate === 'self-signed') return selfSignedCertificate(['localhost']);
  const { key, keyFile, cert, certFile, ca, caFile } = certificate;
  const read = async (text: string | undefined, file: string | undefined, name: string): Promise<string> =>
    text ?? (file === undefined ? '' : await readNamedText(file, `${path}.${name}`));
  const chain = await read(ca, caFile, 'caFile');
  const leaf = await read(cert, certFile, 'certFile');
  return { key: await read(key, keyFile, 'keyFile'), cert: chain === '' ? leaf : `${leaf.trimEnd()}\n${chain}` };
}
