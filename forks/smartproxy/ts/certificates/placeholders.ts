/**
 * Self-signed certificates that are served where there is no other.
 *
 * @module
 */
import { generateCertificateKeySync, inspectCertificate, selfSignedCertificate } from '@dcrouter/acme';
import type { ICertificateKeyPair } from '@dcrouter/acme';

import * as limits from '../limits/certificates.ts';
import type { CertificateEntry } from './certificate-entry.ts';
import type { ICertificateMaterial } from './types.ts';

/** Made when first asked for; all of a process share one key, which never leaves it. */
export class Placeholders {
  readonly #made = new Map<string, ICertificateMaterial>();
  #keyPair: ICertificateKeyPair | undefined;

  /** The placeholder of a route; a new one when the last has expired. */
  of(entry: CertificateEntry, nowMs: number): ICertificateMaterial {
    const kept = this.#made.get(entry.route.name);
    if (kept !== undefined && kept.info.notAfter.getTime() > nowMs) return kept;
    this.#keyPair ??= generateCertificateKeySync();
    const names = entry.everyName.length === 0 ? ['placeholder.invalid'] : entry.everyName;
    const own = selfSignedCertificate(names, {
      validDays: limits.placeholderDays,
      now: new Date(nowMs),
      keyPair: this.#keyPair,
    });
    const made = { cert: own.cert, key: own.key, source: 'placeholder' as const, info: inspectCertificate(own.cert) };
    this.#made.set(entry.route.name, made);
    return made;
  }

  forget(routeName: string): void {
    this.#made.delete(routeName);
  }

  /** Forgets all of other routes. */
  keepOnly(entries: ReadonlyMap<string, CertificateEntry>): void {
    for (const [name, made] of this.#made) {
      const entry = entries.get(name);
      if (entry === undefined || entry.everyName.join() !== made.info.names.join()) this.#made.delete(name);
    }
  }
}
