/**
 * `retrieveSslCertificate`: a certificate by dns-01, proven with our own answers.
 *
 * @module
 */
import {
  AcmeClient,
  letsEncryptDirectory,
  loadAccountKey,
  nameSetKey,
  normalizeNames,
  obtainCertificate,
  type IAcmeClientOptions,
  type IExternalAccountBinding,
  type TCertificateKeyType,
} from '@dcrouter/acme';
import { certificateDaysLeftMin } from '../limits/acme.ts';
import { CertificateFiles } from './certificatefiles.ts';
import type { ChallengeRecords } from './challengerecords.ts';

/** Upstream's options, and what they lack for other CAs than Let's Encrypt. */
export interface ILetsEncryptOptions {
  /** Mail address for the CA; default none is registered. */
  email?: string;
  /** Let's Encrypt's test CA, whose certificates nobody trusts; default false. */
  staging?: boolean;
  /** Folder for account key, keys and certificates; default `./certs`. */
  certDir?: string;
  /** Directory of another CA; `staging` then means nothing. */
  directoryUrl?: string;
  /** PEM roots for the CA's own HTTPS. */
  trustedRoots?: string | readonly string[];
  externalAccountBinding?: IExternalAccountBinding;
  /** Kind of a new key; an existing key is kept. Default `ecdsa-p256`. */
  keyType?: TCertificateKeyType;
  /** A stored certificate with more days left is returned instead of a new one; default 30. */
  renewThresholdDays?: number;
  /** Orders in any case; default false. Mind the CA's limit of certificates for the same names. */
  force?: boolean;
  signal?: AbortSignal;
}

export interface IRetrievedCertificate {
  /** PEM chain, leaf first; empty without success. */
  cert: string;
  /** PEM; empty without success. */
  key: string;
  success: boolean;
  /** Names in the certificate. */
  names: string[];
  /** Names that were asked for and that this server does not answer for. */
  skipped: string[];
  /** Why there is no certificate; an `AcmeError` with a `code` when the CA or the names are at fault. */
  error?: Error;
}

/** What the server lends. */
export interface ISslCertificateHost {
  readonly records: ChallengeRecords;
  /** Names that this server answers for. */
  readonly authorized: (names: string[]) => string[];
  /** Serves DoH and DoT with a new certificate, for connections from now on. */
  readonly install: (certificate: { readonly cert: string; readonly key: string }) => void;
  /** For tests: the client's clock and transport. */
  readonly client?: Pick<IAcmeClientOptions, 'clock' | 'transport'>;
}

/** Retrieves certificates; calls for the same names share one order. */
export class SslCertificates {
  readonly #host: ISslCertificateHost;
  readonly #running = new Map<string, Promise<IRetrievedCertificate>>();

  constructor(host: ISslCertificateHost) {
    this.#host = host;
  }

  /** Never rejects: what went wrong is in the result. */
  async retrieve(domainNames: readonly string[], options: ILetsEncryptOptions = {}): Promise<IRetrievedCertificate> {
    const skipped: string[] = [];
    try {
      const wanted = normalizeNames(domainNames);
      const names = this.#host.authorized(wanted);
      skipped.push(...wanted.filter((name) => !names.includes(name)));
      if (names.length === 0) {
        throw new Error(`this server answers for none of ${wanted.join(', ')}`);
      }
      const key = nameSetKey(names);
      let run = this.#running.get(key);
      if (run === undefined) {
        run = this.#retrieve(names, options).finally(() => this.#running.delete(key));
        this.#running.set(key, run);
      }
      return { ...(await run), skipped };
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      return { cert: '', key: '', success: false, names: [], skipped, error: reason };
    }
  }

  async #retrieve(names: string[], options: ILetsEncryptOptions): Promise<IRetrievedCertificate> {
    const files = new CertificateFiles(options.certDir ?? './certs', names);
    const nowMs = this.#host.client?.clock?.now() ?? Date.now();
    const daysLeftMin = options.renewThresholdDays ?? certificateDaysLeftMin;
    const kept = options.force === true ? undefined : await files.current(nowMs, daysLeftMin);
    const certificate = kept ?? (await this.#order(names, files, options));
    this.#host.install(certificate);
    return { cert: certificate.cert, key: certificate.key, success: true, names, skipped: [] };
  }

  async #order(
    names: readonly string[],
    files: CertificateFiles,
    options: ILetsEncryptOptions,
  ): Promise<{ cert: string; key: string }> {
    const { staging = false, email, trustedRoots, externalAccountBinding, keyType, signal } = options;
    const client = new AcmeClient({
      ...this.#host.client,
      directoryUrl: options.directoryUrl ?? letsEncryptDirectory[staging ? 'staging' : 'production'],
      accountKey: await loadAccountKey(files.accountPath),
      contacts: email === undefined ? [] : [email],
      termsOfServiceAgreed: true,
      externalAccountBinding,
      https: { trustedRoots },
    });
    try {
      const [keyPair, replaces] = [await files.keyPair(), await files.previous()];
      const solvers = [this.#host.records.solver()];
      const { cert, key } = await obtainCertificate(client, { names, solvers, keyPair, keyType, replaces, signal });
      await files.keep({ cert, key });
      return { cert, key };
    } finally {
      client.close();
    }
  }
}
