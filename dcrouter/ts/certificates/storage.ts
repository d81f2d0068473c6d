/**
 * Certificates and ACME accounts in the router's store, where all nodes find them.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { ICertificateStorage, ICertificateSubject, IKeptCertificate } from '@dcrouter/smartproxy';
import type { IStore } from '../store/types.ts';
import { ringBell } from './bell.ts';
import { sharedLimits } from './limits.ts';
import { reachStore, type TStoreSource } from './reach.ts';

interface IEntry extends IKeptCertificate {
  /** Hash of the names and the CA that the certificate is for. */
  readonly subject: string;
}

export class StoreCertificateStorage implements ICertificateStorage {
  readonly #source: TStoreSource;
  readonly #before: Pick<ICertificateStorage, 'getCertificate' | 'getAccount'>;

  /** @param before where certificates and accounts were kept before there was a store: they are taken from there once */
  constructor(source: TStoreSource, before: Pick<ICertificateStorage, 'getCertificate' | 'getAccount'>) {
    this.#source = source;
    this.#before = before;
  }

  async getCertificate(subject: ICertificateSubject): Promise<IKeptCertificate | undefined> {
    const entries = await readEntries(reachStore(this.#source), subject.route);
    const hash = hashOf(subject.key);
    // One for other names serves what it can until there is one for these.
    const kept = entries.find((entry) => entry.subject === hash) ?? entries[0];
    if (kept !== undefined) return kept;
    const earlier = await this.#before.getCertificate(subject);
    if (earlier !== undefined) await this.putCertificate(subject, earlier);
    return earlier;
  }

  async putCertificate({ route, key }: ICertificateSubject, certificate: IKeptCertificate): Promise<void> {
    const store = reachStore(this.#source);
    const subject = hashOf(key);
    const others = (await readEntries(store, route)).filter((entry) => entry.subject !== subject);
    const entries = [{ ...certificate, subject }, ...others].slice(0, sharedLimits.perRouteMax);
    await store.materials.put('certificate', nameOf(route), Buffer.from(JSON.stringify({ version: 1, entries })));
    await ringBell(store, 'kept');
  }

  async getAccount(directoryUrl: string): Promise<string | undefined> {
    const { materials } = reachStore(this.#source);
    const kept = (await materials.get('acme-account', accountOf(directoryUrl)))?.toString();
    if (kept !== undefined) return kept;
    const earlier = await this.#before.getAccount(directoryUrl);
    if (earlier !== undefined) await this.putAccount(directoryUrl, earlier);
    return earlier;
  }

  async putAccount(directoryUrl: string, keyPem: string): Promise<void> {
    await reachStore(this.#source).materials.put('acme-account', accountOf(directoryUrl), Buffer.from(keyPem));
  }

  async withLock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await reachStore(this.#source).withLock(`certificate ${hashOf(name)}`, work);
  }
}

async function readEntries({ materials }: IStore, route: string): Promise<readonly IEntry[]> {
  const data = await materials.get('certificate', nameOf(route));
  if (data === undefined) return [];
  const { version, entries } = JSON.parse(data.toString()) as { version?: unknown; entries?: unknown };
  if (version === 1 && Array.isArray(entries)) return entries as readonly IEntry[];
  throw new Error(`the store's certificate of route '${route}' has version ${String(version)}; expected 1`);
}

/** Route names may have as many bytes as the store's names, and these have a prefix. */
function nameOf(route: string): string {
  return route.length <= 100 ? `route ${route}` : `route ${route.slice(0, 100)} ${hashOf(route)}`;
}

function accountOf(directoryUrl: string): string {
  return `${new URL(directoryUrl).hostname} ${hashOf(directoryUrl)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
