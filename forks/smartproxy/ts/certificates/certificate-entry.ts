/**
 * One route's certificate: what there is, what is wrong, and when something is to be done.
 *
 * @module
 */
import {
  AcmeError,
  certificateCovers,
  inspectCertificate,
  nameSetKey,
  normalizeName,
  renewalTimeMs,
} from '@dcrouter/acme';
import type { ICertificateInfo } from '@dcrouter/acme';

import * as limits from '../limits/certificates.ts';
import type {
  ICertificateMaterial,
  ICertificateRoute,
  ICertStatus,
  IStaticCertificate,
  TCertificateSource,
} from './types.ts';

/** The chain as TLS sends it: leaf, then what the store keeps apart. */
export function chainOf(data: IStaticCertificate): string {
  return data.ca === undefined ? data.cert : `${data.cert.trimEnd()}\n${data.ca}`;
}

/** State of one route. Plain fields; the manager decides. */
export class CertificateEntry {
  readonly route: ICertificateRoute;
  /** Names that are ordered, in normal form; the first is the certificate's domain. */
  readonly names: readonly string[];
  /** Those of the route, wildcards included, whether they can be ordered or not. */
  readonly everyName: readonly string[];
  /** Names of the route that no order can contain, each with the reason. */
  readonly skipped: readonly string[];
  /** Same for entries with the same names at the same CA. */
  readonly key: string;
  /** Chosen once, so that renewal times do not wander at each look. */
  readonly random: number;
  material: ICertificateMaterial | undefined;
  lastError: string | undefined;
  /** The failure that `failures` counts. */
  lastFailure: unknown;
  failures = 0;
  /** Next order; `Infinity` for never. */
  nextAttemptMs = Infinity;
  /** Next question for renewal information. */
  nextAdviceMs = Infinity;
  lastExpiringMs = -Infinity;
  /** When the certificate in hand was ordered; -Infinity when it came from the store. */
  orderedMs = -Infinity;
  /** The order under way. */
  order: Promise<void> | undefined;
  /** Whether the CA is being asked for renewal information. */
  asking = false;

  constructor(route: ICertificateRoute, wildcards: boolean, directoryUrl: string, random: number) {
    const names: string[] = [];
    const every = new Set<string>();
    const skipped: string[] = [];
    for (const domain of route.domains) {
      try {
        const name = normalizeName(domain);
        every.add(name);
        if (name.startsWith('*.') && !wildcards && route.certificate !== 'self-signed')
          skipped.push(`${name} needs dns-01`);
        else if (!names.includes(name)) names.push(name);
      } catch {
        skipped.push(`"${domain}" is a pattern, not a name`);
      }
    }
    this.route = route;
    this.names = names;
    this.everyName = [...every];
    this.skipped = skipped;
    this.key = names.length === 0 ? '' : `${route.directoryUrl ?? directoryUrl} ${nameSetKey(names)}`;
    this.random = random;
  }

  /** First name, for events and status. */
  get domain(): string {
    return this.names[0] ?? this.route.domains[0] ?? this.route.name;
  }

  get automatic(): boolean {
    return this.route.certificate === 'auto';
  }

  get source(): TCertificateSource {
    if (!this.automatic) return 'static';
    const source = this.material?.source;
    return source === 'custom' ? 'custom' : 'acme';
  }

  /** Whether there is a certificate for all names that has not expired. Of the operator's own only the first is asked. */
  complete(nowMs: number): boolean {
    const material = this.material;
    if (material === undefined || material.info.notAfter.getTime() <= nowMs) return false;
    return certificateCovers(material.info, material.source === 'custom' ? this.names.slice(0, 1) : this.names);
  }

  /** Earliest order after the last one: a CA whose certificates are due at once must not be asked in a loop. */
  get earliestOrderMs(): number {
    const info = this.material?.info;
    if (info === undefined) return -Infinity;
    const lifetimeMs = info.notAfter.getTime() - info.notBefore.getTime();
    return this.orderedMs + Math.min(limits.orderSpacingMs, lifetimeMs / 3);
  }

  /** Takes a certificate over. */
  use(data: IStaticCertificate, source: TCertificateSource): ICertificateMaterial {
    const cert = chainOf(data);
    this.material = { cert, key: data.key, source, info: inspectCertificate(cert) };
    this.failures = 0;
    this.lastError = undefined;
    this.lastFailure = undefined;
    return this.material;
  }

  /** When to renew what there is, without advice from the CA. */
  plainRenewalMs(thresholdDays: number, info = this.material?.info): number {
    return info === undefined
      ? -Infinity
      : renewalTimeMs(info, this.route.renewThresholdDays ?? thresholdDays, this.random);
  }

  #state(there: boolean, expired: boolean): ICertStatus['status'] {
    if (there) return expired ? 'expired' : 'valid';
    return this.lastError === undefined && this.names.length > 0 ? 'pending' : 'error';
  }

  /** @param made what was made here for a route that wants no other */
  status(nowMs: number, made?: ICertificateInfo): ICertStatus {
    const info: ICertificateInfo | undefined = this.material?.info ?? made;
    const missing = this.skipped.length === 0 ? undefined : `not in the certificate: ${this.skipped.join(', ')}`;
    const error = this.lastError ?? missing;
    const expired = info !== undefined && info.notAfter.getTime() <= nowMs;
    return {
      domain: this.domain,
      status: this.#state(info !== undefined, expired),
      source: this.source,
      ...(info === undefined ? {} : { expiryDate: info.notAfter, issueDate: info.notBefore }),
      ...(error === undefined ? {} : { error }),
      ...(Number.isFinite(this.nextAttemptMs) ? { nextAttemptDate: new Date(Math.max(this.nextAttemptMs, 0)) } : {}),
    };
  }
}

/** The error of an entry that has nothing to order. */
export function nothingToOrder(entry: CertificateEntry): AcmeError {
  const why = entry.skipped.length === 0 ? 'it has no domains' : entry.skipped.join(', ');
  return new AcmeError('ACME_NAME', `route "${entry.route.name}" cannot have an automatic certificate: ${why}`);
}

export function sameRoute(one: ICertificateRoute, other: ICertificateRoute): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
