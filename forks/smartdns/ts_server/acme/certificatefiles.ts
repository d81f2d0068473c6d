/**
 * Where certificates are kept: `account.key`, `<first name>.key` and `<first name>.cert` in one folder, as upstream.
 *
 * @module
 */
import { join } from 'node:path';
import {
  certificateCovers,
  importCertificateKey,
  inspectCertificate,
  keyMatchesCertificate,
  makePrivateDirectory,
  readFileIfPresent,
  renewalTimeMs,
  writePrivateFile,
  type ICertificateKeyPair,
} from '@dcrouter/acme';

/** A certificate with its key, both PEM. */
export interface IKeptCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The files of one set of names. */
export class CertificateFiles {
  /** The CA account's key. */
  readonly accountPath: string;
  readonly #directory: string;
  readonly #keyPath: string;
  readonly #certPath: string;
  readonly #names: readonly string[];

  /** @param names in normal form: they become parts of file names */
  constructor(directory: string, names: readonly string[]) {
    const base = (names[0] ?? '').replace('*', '_');
    this.#directory = directory;
    this.#names = names;
    this.accountPath = join(directory, 'account.key');
    this.#keyPath = join(directory, `${base}.key`);
    this.#certPath = join(directory, `${base}.cert`);
  }

  /** The certificate on disk, when it is for these names and not yet due for renewal. */
  async current(nowMs: number, daysLeftMin: number): Promise<IKeptCertificate | undefined> {
    const [cert, key] = [await readFileIfPresent(this.#certPath), await readFileIfPresent(this.#keyPath)];
    if (cert === undefined || key === undefined || !keyMatchesCertificate(cert, key)) {
      return undefined;
    }
    const info = inspectCertificate(cert);
    const due = renewalTimeMs(info, daysLeftMin, 0) <= nowMs;
    return due || !certificateCovers(info, this.#names) ? undefined : { cert, key };
  }

  /** The chain on disk whatever its state, for the CA to know what a new one replaces. */
  async previous(): Promise<string | undefined> {
    const cert = await readFileIfPresent(this.#certPath);
    try {
      return cert === undefined || inspectCertificate(cert).selfSigned ? undefined : cert;
    } catch {
      return undefined;
    }
  }

  /** The key on disk: kept over renewals, so that clients that pin it (RFC 7858 §4.2) and TLSA records stay right. */
  async keyPair(): Promise<ICertificateKeyPair | undefined> {
    const key = await readFileIfPresent(this.#keyPath);
    try {
      return key === undefined ? undefined : importCertificateKey(key);
    } catch {
      return undefined;
    }
  }

  /** Stores both with mode 0600. A crash in between leaves a pair that does not match, which `current` refuses. */
  async keep(certificate: IKeptCertificate): Promise<void> {
    await makePrivateDirectory(this.#directory);
    await writePrivateFile(this.#keyPath, certificate.key);
    await writePrivateFile(this.#certPath, certificate.cert);
  }
}
