/**
 * The storage of one node: certificates and account keys in a folder, in upstream's layout.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

import { inspectCertificate, makePrivateDirectory, readFileIfPresent, writePrivateFile } from '@dcrouter/acme';

import type { ICertificateStorage, ICertificateSubject, IKeptCertificate } from '../interfaces/certificate-storage.ts';
import { CertificateStore } from './certificate-store.ts';
import type { TCertificateLog } from './types.ts';

/** Certificates and accounts in a folder. Nothing is made before something is put. */
export class FolderCertificateStorage implements ICertificateStorage {
  readonly #store: CertificateStore;
  readonly #accounts: string;

  constructor(directory: string, log?: TCertificateLog) {
    this.#store = new CertificateStore(directory, log);
    this.#accounts = join(directory, '.accounts');
  }

  async getCertificate({ route }: ICertificateSubject): Promise<IKeptCertificate | undefined> {
    const data = await this.#store.getCertificate(route);
    if (data === undefined) return undefined;
    const { cert, key, ca, source } = data;
    return { cert, key, ...(ca === undefined ? {} : { ca }), source: source === 'custom' ? 'custom' : 'acme' };
  }

  async putCertificate({ route }: ICertificateSubject, certificate: IKeptCertificate): Promise<void> {
    const { notBefore, notAfter } = inspectCertificate(certificate.cert);
    await this.#store.saveCertificate(route, { ...certificate, issueDate: notBefore, expiryDate: notAfter });
  }

  async getAccount(directoryUrl: string): Promise<string | undefined> {
    return await readFileIfPresent(this.#accountFile(directoryUrl));
  }

  async putAccount(directoryUrl: string, keyPem: string): Promise<void> {
    const file = this.#accountFile(directoryUrl);
    await makePrivateDirectory(dirname(file));
    await writePrivateFile(file, keyPem);
  }

  /** Nobody else has the folder: orders of one process are told apart by its order desk. */
  async withLock<T>(_name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await work(new AbortController().signal);
  }

  #accountFile(directoryUrl: string): string {
    const host = new URL(directoryUrl).hostname.replace(/[^A-Za-z0-9.-]/g, '_');
    const hash = createHash('sha256').update(directoryUrl).digest('hex').slice(0, 12);
    return join(this.#accounts, `${host}-${hash}.pem`);
  }
}
