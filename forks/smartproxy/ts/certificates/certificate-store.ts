/**
 * Certificates on disk, in upstream's layout: one folder per route with cert.pem, key.pem, ca.pem and meta.json.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import {
  inspectCertificate,
  keyMatchesCertificate,
  makePrivateDirectory,
  readFileIfPresent,
  writePrivateFile,
} from '@dcrouter/acme';

import * as limits from '../limits/certificates.ts';
import type { ICertificateData, TCertificateLog, TCertificateSource } from './types.ts';

interface IMeta {
  readonly issueDate: string;
  readonly expiryDate: string;
  readonly source?: TCertificateSource;
  /** The route the folder belongs to: two names can lead to the same readable folder name. */
  readonly routeName?: string;
}

/** A certificate is written here first and then renamed, so that a crash between the two files can be mended. */
const nextCertificate = 'cert.next.pem';

/** Where a route's files are: upstream's folder for plain names, else the same with a hash that keeps names apart. */
function folderNames(routeName: string): { readonly own: string; readonly upstream: string } {
  const readable = routeName.replace(/[^A-Za-z0-9_-]/g, '_');
  if (readable === routeName && readable !== '' && readable.length <= limits.folderNameLengthMax) {
    return { own: readable, upstream: readable };
  }
  const hash = createHash('sha256').update(routeName).digest('hex').slice(0, 12);
  return { own: `${readable.slice(0, limits.folderNameLengthMax)}-${hash}`, upstream: readable };
}

async function readBounded(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > limits.storeFileBytesMax) throw new Error(`${path} is larger than ${limits.storeFileBytesMax} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function readMeta(text: string | undefined): Partial<IMeta> {
  if (text === undefined) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? value : {};
}

/** The store. An entry that cannot be read is reported once per attempt and counts as absent. */
export class CertificateStore {
  readonly #directory: string;
  readonly #log: TCertificateLog;
  /** Writes of one route follow each other. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(directory: string, log: TCertificateLog = () => undefined) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Makes the folder. */
  async initialize(): Promise<void> {
    await makePrivateDirectory(this.#directory);
  }

  /** The route's certificate, or undefined when there is none that can be used. */
  async getCertificate(routeName: string): Promise<ICertificateData | undefined> {
    const { own, upstream } = folderNames(routeName);
    for (const folder of own === upstream ? [own] : [own, upstream]) {
      const path = join(this.#directory, folder);
      try {
        const data = await this.#read(path, routeName);
        if (data !== undefined) return data;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#log('warn', `stored certificate of route "${routeName}" is not used: ${why}`);
      }
    }
    return undefined;
  }

  async #read(path: string, routeName: string): Promise<ICertificateData | undefined> {
    const key = await readBounded(join(path, 'key.pem'));
    let cert = await readBounded(join(path, 'cert.pem'));
    if (key === undefined && cert === undefined) return undefined;
    if (key === undefined) throw new Error('key.pem is missing');
    const meta = readMeta(await readBounded(join(path, 'meta.json')));
    if (meta.routeName !== undefined && meta.routeName !== routeName) return undefined;
    if (cert === undefined || !keyMatchesCertificate(cert, key)) {
      cert = await this.#mend(path, key);
      if (cert === undefined) throw new Error('cert.pem and key.pem do not belong together');
    }
    const ca = await readBounded(join(path, 'ca.pem'));
    const info = inspectCertificate(cert);
    return {
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      // meta.json may be older than the certificate; the certificate itself cannot be wrong.
      issueDate: info.notBefore,
      expiryDate: info.notAfter,
      source: meta.source ?? 'acme',
    };
  }

  /** Ends a save that was cut off between key and certificate. */
  async #mend(path: string, key: string): Promise<string | undefined> {
    const next = await readBounded(join(path, nextCertificate));
    if (next === undefined || !keyMatchesCertificate(next, key)) return undefined;
    await rename(join(path, nextCertificate), join(path, 'cert.pem'));
    return next;
  }

  /** Stores a certificate with mode 0600. After a crash at any point the old or the new one is there, never a mixture. */
  saveCertificate(routeName: string, data: ICertificateData): Promise<void> {
    const before = this.#writes.get(routeName) ?? Promise.resolve();
    const write = before
      .catch(() => undefined)
      .then(() => this.#save(join(this.#directory, folderNames(routeName).own), routeName, data));
    const kept = write.finally(() => {
      if (this.#writes.get(routeName) === kept) this.#writes.delete(routeName);
    });
    this.#writes.set(routeName, kept);
    return kept;
  }

  async #save(path: string, routeName: string, data: ICertificateData): Promise<void> {
    const meta: IMeta = {
      issueDate: data.issueDate.toISOString(),
      expiryDate: data.expiryDate.toISOString(),
      source: data.source ?? 'acme',
      routeName,
    };
    await makePrivateDirectory(path);
    await writePrivateFile(join(path, nextCertificate), data.cert);
    await writePrivateFile(join(path, 'key.pem'), data.key);
    await rename(join(path, nextCertificate), join(path, 'cert.pem'));
    if (data.ca === undefined) await unlinkIfPresent(join(path, 'ca.pem'));
    else await writePrivateFile(join(path, 'ca.pem'), data.ca);
    await writePrivateFile(join(path, 'meta.json'), `${JSON.stringify(meta, undefined, 2)}\n`);
  }

  /** Removes the route's folder. */
  async deleteCertificate(routeName: string): Promise<void> {
    await this.#writes.get(routeName)?.catch(() => undefined);
    const path = join(this.#directory, folderNames(routeName).own);
    await rm(path, { recursive: true, force: true });
  }

  /** Names of the routes that have a folder, as far as it says. */
  async routeNames(): Promise<string[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true }).catch(() => []);
    const names: string[] = [];
    for (const entry of entries) {
      // Folders with a dot are ours: accounts.
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      const text = await readFileIfPresent(join(this.#directory, entry.name, 'meta.json')).catch(() => undefined);
      try {
        names.push(readMeta(text).routeName ?? entry.name);
      } catch {
        names.push(entry.name);
      }
    }
    return names;
  }
}

async function unlinkIfPresent(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
