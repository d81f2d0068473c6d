/**
 * Certificates of all routes: loaded at start, ordered where missing, renewed in time, swapped without a pause.
 *
 * @module
 */
import { AcmeError, renewalWindowTimeMs, retryDelayMs, systemClock } from '@dcrouter/acme';
import type { IAcmeClock } from '@dcrouter/acme';
import type { SecureContext } from 'node:tls';

import * as limits from '../limits/certificates.ts';
import { AcmeAccounts } from './accounts.ts';
import { CertificateEntry, nothingToOrder, sameRoute } from './certificate-entry.ts';
import { CertificateShelf } from './certificate-shelf.ts';
import { ChallengeBoard } from './challenge-board.ts';
import { FolderCertificateStorage } from './folder-storage.ts';
import { CertificateIssuer } from './issuer.ts';
import { Placeholders } from './placeholders.ts';
import type {
  ICertificateManagerOptions,
  ICertificateMaterial,
  ICertificateRoute,
  ICertStatus,
  IIssuedCertificate,
  TCertificateEventName,
  TCertificateLog,
} from './types.ts';

/**
 * The manager. `load` before ports open, `begin` once they are open, `stop` at the end.
 *
 * Serving never waits: until a route's first certificate is there, TLS gets the stored one, even when it has expired,
 * or a self-signed placeholder. A failed order changes nothing about what is served.
 */
export class CertificateManager {
  /** Challenge answers; shared with other processes through its `onChange` and `apply`. */
  readonly challenges = new ChallengeBoard();
  readonly #options: ICertificateManagerOptions;
  readonly #clock: IAcmeClock;
  readonly #random: () => number;
  readonly #log: TCertificateLog;
  readonly #accounts: AcmeAccounts;
  readonly #shelf: CertificateShelf;
  readonly #issuer: CertificateIssuer;
  readonly #thresholdDays: number;
  readonly #placeholders = new Placeholders();
  #entries = new Map<string, CertificateEntry>();
  /** Where http-01 is asked for. */
  #challengePorts: ReadonlySet<number> = new Set();
  #running: AbortController | undefined;
  /** Orders and questions under way, also those of routes that have gone. */
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ICertificateManagerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#log = options.log ?? (() => undefined);
    this.#thresholdDays = options.renewThresholdDays ?? limits.renewThresholdDays;
    const storage = options.storage ?? new FolderCertificateStorage(options.certDir, this.#log);
    this.#shelf = new CertificateShelf({
      storage,
      clock: this.#clock,
      thresholdDays: this.#thresholdDays,
      log: this.#log,
    });
    this.#accounts = new AcmeAccounts(storage, {
      clock: this.#clock,
      https: { trustedRoots: options.trustedRoots },
      transport: options.transport,
      externalAccountBinding: options.externalAccountBinding,
    });
    this.#issuer = new CertificateIssuer(options, this.#accounts, this.#shelf, this.challenges);
  }

  /**
   * Takes the routes over: keeps what is in hand for unchanged ones, reads the store for new ones.
   *
   * Never rejects because of a certificate; what is wrong shows in `getCertificateStatus` and the log.
   */
  async load(routes: readonly ICertificateRoute[]): Promise<void> {
    const entries = new Map<string, CertificateEntry>();
    for (const route of routes) {
      const known = this.#entries.get(route.name);
      if (known !== undefined && sameRoute(known.route, route)) {
        entries.set(route.name, known);
        continue;
      }
      const entry = new CertificateEntry(
        route,
        this.#issuer.wildcards(route),
        this.#options.directoryUrl,
        this.#random(),
      );
      await this.#fill(entry);
      entries.set(route.name, entry);
    }
    this.#placeholders.keepOnly(entries);
    this.#entries = entries;
    this.#challengePorts = new Set(routes.flatMap((route) => route.challengePort ?? this.#options.challengePort ?? []));
    this.check();
  }

  /** Starts ordering and renewing. */
  begin(): void {
    if (this.#running !== undefined) return;
    this.#running = new AbortController();
    this.check();
  }

  /** Ends orders under way and waits for them. What is in hand stays; `begin` may be called again. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = undefined;
    await Promise.allSettled(this.#work);
    this.#accounts.close();
  }

  /** The body for an http-01 request path, or null. With nothing standing this costs one comparison. */
  challengeResponse(path: string): string | null {
    return this.challenges.size === 0 ? null : this.challenges.response(path);
  }

  /** Whether a CA may ask for http-01 on a port now. */
  expectsHttpOn(port: number): boolean {
    return this.challenges.size > 0 && this.#challengePorts.has(port);
  }

  /** Names that certificates are ordered for. */
  orderedNames(): string[] {
    const entries = [...this.#entries.values()].filter((entry) => entry.automatic);
    return [...new Set(entries.flatMap((entry) => entry.names))];
  }

  /** The TLS context that answers tls-alpn-01 for a server name, or null. */
  alpnContext(serverName: string): SecureContext | null {
    return this.challenges.context(serverName);
  }

  /** What to serve TLS with for a route; undefined for a route that is not known here. Never waits. */
  material(routeName: string): ICertificateMaterial | undefined {
    const entry = this.#entries.get(routeName);
    return entry === undefined ? undefined : (entry.material ?? this.#placeholders.of(entry, this.#clock.now()));
  }

  /**
   * Takes a certificate over that another process of this proxy has ordered. A process that never calls `begin` orders
   * nothing itself: it gets certificates this way and challenges through `challenges.apply`.
   */
  adopt(routeName: string, certificate: IIssuedCertificate): void {
    const entry = this.#entries.get(routeName);
    if (entry === undefined) return;
    const material = entry.use(certificate, certificate.source);
    this.#placeholders.forget(routeName);
    this.#options.onMaterial?.(routeName, material);
  }

  /** State of a route's certificate; undefined for a route without one. */
  getCertificateStatus(routeName: string): ICertStatus | undefined {
    const entry = this.#entries.get(routeName);
    if (entry === undefined) return undefined;
    const nowMs = this.#clock.now();
    const made = entry.route.certificate === 'self-signed' ? this.#placeholders.of(entry, nowMs) : undefined;
    return entry.status(nowMs, made?.info);
  }

  /**
   * Makes sure that a route has a certificate; orders one only when there is none that is valid for its names.
   *
   * @throws AcmeError when the order fails.
   */
  async provisionCertificate(routeName: string): Promise<void> {
    const entry = this.#automatic(routeName);
    if (!entry.complete(this.#clock.now())) await this.#attempt(entry, this.#signal(), true);
  }

  /**
   * Orders a new certificate now, whatever the old one's state and whatever pause a failure has asked for.
   *
   * @throws AcmeError when the order fails.
   */
  async renewCertificate(routeName: string): Promise<void> {
    await this.#attempt(this.#automatic(routeName), this.#signal(), false);
  }

  /**
   * Takes over what another node has put into the storage for a route, where that is later than what is in hand. The
   * event is that of an order.
   *
   * @returns whether it was taken over
   * @throws AcmeError when the storage gives no answer
   */
  async reloadCertificate(routeName: string): Promise<boolean> {
    const entry = this.#automatic(routeName);
    const before = entry.material;
    const kept = await this.#shelf.newer(entry, before);
    if (kept === undefined || entry.material !== before || this.#entries.get(routeName) !== entry) return false;
    this.#take(entry, kept);
    return true;
  }

  #signal(): AbortSignal {
    if (this.#running === undefined) throw new AcmeError('ACME_ABORTED', 'the proxy is not running');
    return this.#running.signal;
  }

  #automatic(routeName: string): CertificateEntry {
    const entry = this.#entries.get(routeName);
    if (entry === undefined) throw new AcmeError('ACME_NAME', `there is no route "${routeName}" with a certificate`);
    if (!entry.automatic) throw new AcmeError('ACME_NAME', `the certificate of route "${routeName}" is not automatic`);
    return entry;
  }

  async #fill(entry: CertificateEntry): Promise<void> {
    const supplied = entry.route.certificate;
    try {
      if (supplied === 'self-signed') return;
      if (supplied !== 'auto') {
        entry.use(supplied, 'static');
        return;
      }
      const kept = await this.#shelf.read(entry);
      if (kept !== undefined) entry.use(kept, kept.source);
    } catch (error) {
      entry.lastError = error instanceof Error ? error.message : String(error);
      this.#log('warn', `certificate of route "${entry.route.name}": ${entry.lastError}`);
    }
    if (supplied !== 'auto') return;
    if (entry.names.length === 0) {
      entry.lastError = nothingToOrder(entry).message;
      this.#log('warn', entry.lastError);
      return;
    }
    if (entry.skipped.length > 0) {
      this.#log('warn', `route "${entry.route.name}": not in the certificate: ${entry.skipped.join(', ')}`);
    }
    this.#schedule(entry);
  }

  /** Plans the next order from the certificate in hand. */
  #schedule(entry: CertificateEntry): void {
    const nowMs = this.#clock.now();
    const renews = this.#options.autoRenew !== false;
    if (!entry.complete(nowMs)) entry.nextAttemptMs = nowMs;
    else if (!renews) entry.nextAttemptMs = Infinity;
    else entry.nextAttemptMs = Math.max(entry.plainRenewalMs(this.#thresholdDays), entry.earliestOrderMs);
    const advised = renews && entry.complete(nowMs) && entry.material?.source === 'acme';
    entry.nextAdviceMs = advised ? nowMs : Infinity;
  }

  /** Looks at every certificate, starts what is due, and sets the timer for what is next. Runs by itself. */
  check(): void {
    clearTimeout(this.#timer);
    const running = this.#running;
    if (running === undefined) return;
    const nowMs = this.#clock.now();
    const intervalMs = (this.#options.renewCheckIntervalHours ?? limits.renewCheckIntervalHours) * 3_600_000;
    let nextMs = nowMs + Math.min(intervalMs, limits.timerMsMax);
    for (const entry of this.#entries.values()) {
      this.#warnBeforeExpiry(entry, nowMs);
      if (entry.order !== undefined) continue;
      if (entry.nextAttemptMs <= nowMs) {
        this.#attempt(entry, running.signal, true).catch(() => undefined);
        continue;
      }
      if (entry.nextAdviceMs <= nowMs && !entry.asking) this.#track(this.#askAdvice(entry, running.signal));
      nextMs = Math.min(nextMs, entry.nextAttemptMs, entry.nextAdviceMs);
    }
    const waitMs = Math.min(Math.max(nextMs - nowMs, limits.timerMsMin), limits.timerMsMax);
    this.#timer = setTimeout(() => this.check(), waitMs);
    // Renewal alone is no reason for a process to stay.
    this.#timer.unref();
  }

  #track(work: Promise<void>): void {
    const settled = work.catch(() => undefined).finally(() => this.#work.delete(settled));
    this.#work.add(settled);
  }

  /** One order for one entry; joins the one under way. */
  #attempt(entry: CertificateEntry, signal: AbortSignal, share: boolean): Promise<void> {
    if (entry.names.length === 0) return Promise.reject(nothingToOrder(entry));
    if (entry.order === undefined) {
      entry.order = this.#obtain(entry, signal, share).finally(() => {
        entry.order = undefined;
        this.check();
      });
      this.#track(entry.order);
    }
    return entry.order;
  }

  async #obtain(entry: CertificateEntry, signal: AbortSignal, share: boolean): Promise<void> {
    try {
      const shared = share ? this.#sibling(entry) : undefined;
      const issued = shared ?? (await this.#issuer.issue(entry, signal, !share));
      if (issued.keptFor !== entry.route.name) await this.#shelf.keep(entry, issued);
      this.#take(entry, issued);
    } catch (error) {
      if (signal.aborted) throw error;
      entry.failures++;
      entry.lastFailure = error;
      entry.lastError = error instanceof Error ? error.message : String(error);
      const delayMs = retryDelayMs(entry.failures, error, this.#random());
      entry.nextAttemptMs = this.#clock.now() + delayMs;
      const pause = `next try in ${Math.round(delayMs / 1000)} s`;
      this.#log('warn', `certificate for ${entry.domain}: ${entry.lastError}; ${pause}`);
      this.#emit('certificate-failed', entry, entry.lastError);
      throw error;
    }
  }

  #take(entry: CertificateEntry, issued: IIssuedCertificate): void {
    const before = entry.material;
    const material = entry.use(issued, issued.source);
    entry.orderedMs = this.#clock.now();
    this.#schedule(entry);
    // The route may have gone, or changed its names, while the CA was busy.
    if (this.#entries.get(entry.route.name) !== entry || material.cert === before?.cert) return;
    this.#placeholders.forget(entry.route.name);
    this.#options.onMaterial?.(entry.route.name, material);
    this.#emit(before === undefined ? 'certificate-issued' : 'certificate-renewed', entry);
  }

  /** A certificate that another route has for the same names, when it is newer than this one's and not due itself. */
  #sibling(entry: CertificateEntry): IIssuedCertificate | undefined {
    const nowMs = this.#clock.now();
    const endMs = entry.material?.info.notAfter.getTime() ?? 0;
    for (const other of this.#entries.values()) {
      const material = other.material;
      if (other === entry || other.key !== entry.key || !other.automatic || material === undefined) continue;
      const fresh = other.complete(nowMs) && other.nextAttemptMs > nowMs && material.info.notAfter.getTime() > endMs;
      if (fresh) return { cert: material.cert, key: material.key, source: other.source };
    }
    return undefined;
  }

  /** Asks the CA when it wants the certificate renewed (RFC 9773); without an answer the plan stands. */
  async #askAdvice(entry: CertificateEntry, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    const material = entry.material;
    if (material === undefined) return;
    entry.asking = true;
    entry.nextAdviceMs = Infinity;
    try {
      const directoryUrl = entry.route.directoryUrl ?? this.#options.directoryUrl;
      const client = await this.#accounts.client(directoryUrl, entry.route.email ?? this.#options.email);
      const info = await client.renewalInfo(material.cert, signal);
      if (entry.material !== material) return;
      entry.nextAdviceMs = nowMs + (info?.nextCheckMs ?? limits.adviceAbsentMs);
      if (info === undefined || entry.failures > 0) return;
      const advisedMs = renewalWindowTimeMs(info.start, info.end, entry.random);
      // Advice past the end of the certificate is no advice.
      if (advisedMs >= material.info.notAfter.getTime()) return;
      entry.nextAttemptMs = Math.max(advisedMs, entry.earliestOrderMs);
    } catch (error) {
      entry.nextAdviceMs = nowMs + limits.adviceRetryMs;
      this.#log('debug', `no renewal information for ${entry.domain}: ${String(error)}`);
    } finally {
      entry.asking = false;
      this.check();
    }
  }

  #warnBeforeExpiry(entry: CertificateEntry, nowMs: number): void {
    const info = entry.material?.info;
    if (info === undefined || nowMs - entry.lastExpiringMs < limits.expiringRepeatMs) return;
    const endMs = info.notAfter.getTime();
    const spanMs = Math.min(
      (entry.route.renewThresholdDays ?? this.#thresholdDays) * 86_400_000,
      (endMs - info.notBefore.getTime()) / 3,
    );
    // A certificate that renews itself is worth a word only when that has failed for half of the time it had.
    const renews = entry.automatic && this.#options.autoRenew !== false;
    if (endMs - nowMs > (renews ? spanMs * limits.expiringShare : spanMs)) return;
    entry.lastExpiringMs = nowMs;
    this.#log('warn', `certificate for ${entry.domain} expires at ${info.notAfter.toISOString()}`);
    this.#emit('certificate-expiring', entry, entry.lastError);
  }

  #emit(name: TCertificateEventName, entry: CertificateEntry, error?: string): void {
    const expiry = entry.material?.info.notAfter;
    this.#options.onEvent?.(
      name,
      Object.freeze({
        domain: entry.domain,
        source: entry.source,
        timestamp: new Date(this.#clock.now()),
        ...(expiry === undefined ? {} : { expiry }),
        ...(error === undefined ? {} : { error }),
      }),
    );
  }
}
