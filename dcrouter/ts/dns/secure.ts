/**
 * What DNS over TLS and HTTPS show: certificates from the document, from files, or made here.
 *
 * @module
 */
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { DnsServer } from '@dcrouter/smartdns/server';
import { ConfigError } from '../config/error.ts';
import { readNamedText } from '../config/files.ts';
import type { TDnsConfig, TGivenCertificate } from '../config/schema/index.ts';

export interface IPair {
  readonly key: string;
  readonly cert: string;
}

/** By transport; absent where the section does not have it. */
export interface IPairs {
  readonly https?: IPair;
  readonly tls?: IPair;
}

/** The settings that say which certificates are shown. */
function settingsOf(config?: TDnsConfig): readonly unknown[] {
  return [config?.https?.certificate, config?.tls !== undefined, config?.tls?.certificate];
}

/** @throws ConfigError when a file cannot be read or key and certificate do not belong together */
export async function certificatePairs({ https, tls }: TDnsConfig): Promise<IPairs> {
  const web = https && (await pairOf(https.certificate, 'dns.https.certificate'));
  const own = tls?.certificate && (await pairOf(tls.certificate, 'dns.tls.certificate'));
  const forTls = tls && (own ?? web);
  return { ...(web && { https: web }), ...(forTls && { tls: forTls }) };
}

/** The pairs of every configuration that serves or may be gone back to. */
export class Pairs {
  readonly #known = new WeakMap<TDnsConfig, IPairs>();

  /**
   * What `next` shows, read before anything changes. One that has served is not read again, nor is one with the same
   * settings: going back must not hang on a file that was moved, nor on a user who may no longer read the key.
   *
   * @throws ConfigError
   */
  async of(next: TDnsConfig, previous?: TDnsConfig): Promise<IPairs> {
    const before = previous && this.#known.get(previous);
    const same = isDeepStrictEqual(settingsOf(next), settingsOf(previous));
    const pairs = this.#known.get(next) ?? (same ? before : undefined) ?? (await certificatePairs(next));
    this.#known.set(next, pairs);
    return pairs;
  }
}

/** Connections that exist keep the certificate that they began with. */
export function show(dns: DnsServer, pairs: IPairs): void {
  if (pairs.https) dns.setCertificate(pairs.https.cert, pairs.https.key, 'https');
  if (pairs.tls) dns.setCertificate(pairs.tls.cert, pairs.tls.key, 'tls');
}

async function pairOf(certificate: 'self-signed' | TGivenCertificate, path: string): Promise<IPair> {
  if (certificate === 'self-signed') return selfSignedCertificate(['localhost']);
  const { key, keyFile, cert, certFile, ca, caFile } = certificate;
  const read = async (text: string | undefined, file: string | undefined, name: string): Promise<string> =>
    text ?? (file === undefined ? '' : await readNamedText(file, `${path}.${name}`));
  const chain = await read(ca, caFile, 'caFile');
  const leaf = await read(cert, certFile, 'certFile');
  const pair = {
    key: await read(key, keyFile, 'keyFile'),
    cert: chain === '' ? leaf : `${leaf.trimEnd()}\n${chain}`,
  };
  try {
    createSecureContext(pair);
  } catch (error) {
    const file = certFile ?? keyFile ?? 'configuration';
    throw new ConfigError([
      { file, path, message: `TLS does not take key and certificate: ${(error as Error).message}` },
    ]);
  }
  return pair;
}
