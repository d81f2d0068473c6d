/**
 * What the storage has for an entry, and taking turns at it with other nodes.
 *
 * @module
 */
import type { IAcmeClock } from '@dcrouter/acme';
import { AcmeError, certificateCovers, inspectCertificate, keyMatchesCertificate } from '@dcrouter/acme';

import type { ICertificateStorage, ICertificateSubject, IKeptCertificate } from '../interfaces/certificate-storage.ts';
import type { CertificateEntry } from './certificate-entry.ts';
import { chainOf } from './certificate-entry.ts';
import type { ICertificateMaterial, IIssuedCertificate, TCertificateLog } from './types.ts';

export interface IShelfOptions {
  readonly storage: ICertificateStorage;
  readonly clock: IAcmeClock;
  readonly thresholdDays: number;
  readonly log: TCertificateLog;
}

/** The storage as manager and issuer use it. */
export class CertificateShelf {
  readonly #options: IShelfOptions;

  constructor(options: IShelfOptions) {
    this.#options = options;
  }

  /** What is kept, as far as it is good for one of the names: it serves these while the full one is ordered. */
  async read(entry: CertificateEntry): Promise<IKeptCertificate | undefined> {
    const kept = await this.#sound(entry);
    if (kept === undefined) return undefined;
    const info = inspectCertificate(kept.cert);
    return entry.names.some((name) => certificateCovers(info, [name])) ? kept : undefined;
  }

  /**
   * A certificate that another node has put there, good in place of an order: for all names, later than the one in hand,
   * and not due itself.
   *
   * @param than what is in hand
   */
  async newer(
    entry: CertificateEntry,
    than: ICertificateMaterial | undefined,
  ): Promise<IIssuedCertificate | undefined> {
    const kept = await this.#sound(entry).catch((error: unknown) => {
      throw unreachable(error);
    });
    if (kept === undefined) return undefined;
    const { source, key } = kept;
    const cert = chainOf(kept);
    const info = inspectCertificate(cert);
    const nowMs = this.#options.clock.now();
    const endMs = info.notAfter.getTime();
    const late = endMs <= nowMs || entry.plainRenewalMs(this.#options.thresholdDays, info) <= nowMs;
    if (late || (than !== undefined && !isLater(cert, endMs, than))) return undefined;
    // Of the operator's own only the first name is asked.
    const names = source === 'custom' ? entry.names.slice(0, 1) : entry.names;
    return certificateCovers(info, names) ? { cert, key, source, keptFor: entry.route.name } : undefined;
  }

  /** What is kept; what is damaged is told and counts as absent, so that the next order mends it. */
  async #sound(entry: CertificateEntry): Promise<IKeptCertificate | undefined> {
    const kept = await this.#options.storage.getCertificate(subjectOf(entry));
    if (kept === undefined) return undefined;
    let why = 'its key and certificate do not belong together';
    try {
      if (keyMatchesCertificate(kept.cert, kept.key)) return kept;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    this.#options.log('warn', `stored certificate of route "${entry.route.name}" is not used: ${why}`);
    return undefined;
  }

  /** Keeps a certificate. When that fails it is served all the same; after a restart it is ordered again. */
  async keep(entry: CertificateEntry, { cert, key, source }: IIssuedCertificate): Promise<void> {
    try {
      const kept = { cert, key, source: source === 'custom' ? source : 'acme' } as const;
      await this.#options.storage.putCertificate(subjectOf(entry), kept);
    } catch (error) {
      this.#options.log('error', `certificate of route "${entry.route.name}" cannot be stored: ${String(error)}`);
    }
  }

  /**
   * Runs work while no other node does it for the same names. A manager that stops waits for its turn no longer.
   *
   * @throws AcmeError `ACME_UNREACHABLE` when the storage gives no turn
   */
  async alone<T>(entry: CertificateEntry, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const giveUp = (): void => reject(new AcmeError('ACME_ABORTED', 'the order was aborted before its turn'));
    let began = false;
    signal.addEventListener('abort', giveUp, { once: true });
    const begin = async (lost: AbortSignal): Promise<T> => {
      began = true;
      // From here on the work itself hears it.
      signal.removeEventListener('abort', giveUp);
      if (signal.aborted) throw new AcmeError('ACME_ABORTED', 'the order was aborted before its turn');
      return await work(AbortSignal.any([signal, lost]));
    };
    this.#options.storage.withLock(entry.key, begin).then(resolve, (error: unknown) => {
      signal.removeEventListener('abort', giveUp);
      reject(began ? error : unreachable(error));
    });
    return await promise;
  }
}

function subjectOf({ route, names, key }: CertificateEntry): ICertificateSubject {
  return { route: route.name, names, key };
}

function isLater(cert: string, endMs: number, than: ICertificateMaterial): boolean {
  return cert !== than.cert && endMs > than.info.notAfter.getTime();
}

/** Asked again as soon as a CA that is away: nothing is wrong with the order. */
function unreachable(error: unknown): AcmeError {
  const why = error instanceof Error ? error.message : String(error);
  return new AcmeError('ACME_UNREACHABLE', `the certificate storage gives no answer: ${why}`, { cause: error });
}
