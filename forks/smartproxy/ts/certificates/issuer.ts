/**
 * Where a certificate comes from: the operator's function, or a CA by ACME.
 *
 * @module
 */
import type { IAcmeClock, IChallengeSolver, IObtainedCertificate, TChallengeType } from '@dcrouter/acme';
import {
  AcmeError,
  certificateCovers,
  dnsChallengeName,
  dnsChallengeValue,
  inspectCertificate,
  keyMatchesCertificate,
  obtainCertificate,
  systemClock,
} from '@dcrouter/acme';

import type { IDnsChallengeHandler } from '../interfaces/options.ts';
import * as limits from '../limits/certificates.ts';
import type { AcmeAccounts } from './accounts.ts';
import type { CertificateEntry } from './certificate-entry.ts';
import type { CertificateShelf } from './certificate-shelf.ts';
import type { ChallengeBoard } from './challenge-board.ts';
import { ChallengePort } from './challenge-port.ts';
import { OrderDesk } from './order-desk.ts';
import type {
  ICertificateManagerOptions,
  ICertificateMaterial,
  ICertificateRoute,
  IIssuedCertificate,
} from './types.ts';

function dnsSolver(handler: IDnsChallengeHandler): IChallengeSolver {
  return {
    type: 'dns-01',
    canSolve: (identifier) => identifier.type === 'dns',
    present: (answer) =>
      handler.set(dnsChallengeName(answer.identifier.value), dnsChallengeValue(answer.keyAuthorization)),
    cleanup: (answer) =>
      handler.remove(dnsChallengeName(answer.identifier.value), dnsChallengeValue(answer.keyAuthorization)),
  };
}

const everyType: readonly TChallengeType[] = ['http-01', 'tls-alpn-01', 'dns-01'];

/** Issues certificates for entries. */
export class CertificateIssuer {
  readonly #options: ICertificateManagerOptions;
  readonly #accounts: AcmeAccounts;
  readonly #shelf: CertificateShelf;
  readonly #clock: IAcmeClock;
  readonly #desk = new OrderDesk<IIssuedCertificate>(limits.ordersMax);
  readonly #solvers: ReadonlyMap<TChallengeType, IChallengeSolver>;
  readonly #ports = new Map<number, ChallengePort>();

  constructor(
    options: ICertificateManagerOptions,
    accounts: AcmeAccounts,
    shelf: CertificateShelf,
    board: ChallengeBoard,
  ) {
    this.#options = options;
    this.#accounts = accounts;
    this.#shelf = shelf;
    this.#clock = options.clock ?? systemClock;
    const solvers = [board.solver('http-01'), board.solver('tls-alpn-01')];
    if (options.dnsChallenge !== undefined) solvers.push(dnsSolver(options.dnsChallenge));
    this.#solvers = new Map(solvers.map((solver) => [solver.type, solver]));
  }

  /** Whether a route's names may begin with `*.`. */
  wildcards(route: ICertificateRoute): boolean {
    return this.#options.certProvisionFunction !== undefined || this.#solversOf(route).some(isDns);
  }

  #solversOf(route: ICertificateRoute): IChallengeSolver[] {
    const types = route.challengeTypes ?? this.#options.challengeTypes ?? everyType;
    return types.flatMap((type) => this.#solvers.get(type) ?? []);
  }

  /**
   * Gets a certificate and keeps it; entries with the same names share one order, and so do nodes with one storage:
   * what another node has put there meanwhile is taken.
   *
   * @param forced order anew, whatever the storage has
   */
  issue(entry: CertificateEntry, signal: AbortSignal, forced: boolean): Promise<IIssuedCertificate> {
    const before = entry.material;
    return this.#desk.place(entry.key, signal, () =>
      this.#shelf.alone(entry, signal, async (both) => {
        const kept = forced ? undefined : await this.#shelf.newer(entry, before);
        if (kept !== undefined) return kept;
        const issued = await this.#make(entry, both, before);
        if (inspectCertificate(issued.cert).notAfter.getTime() <= this.#clock.now()) {
          throw new AcmeError('ACME_CERTIFICATE', 'the new certificate has expired already; is the clock right?');
        }
        // Before the turn ends: the next node looks there.
        await this.#shelf.keep(entry, issued);
        return { ...issued, keptFor: entry.route.name };
      }),
    );
  }

  async #make(
    entry: CertificateEntry,
    signal: AbortSignal,
    before: ICertificateMaterial | undefined,
  ): Promise<IIssuedCertificate> {
    const provide = this.#options.certProvisionFunction;
    if (provide !== undefined) {
      const provided = await this.#provide(provide, entry, signal);
      if (provided !== undefined) return provided;
    }
    if (this.#options.acmeEnabled === false) throw new AcmeError('ACME_ACCOUNT', 'ACME is switched off');
    const { cert, key } = await this.#order(entry, signal, before);
    return { cert, key, source: 'acme' };
  }

  /** Asks the operator's function; undefined hands over to ACME. */
  async #provide(
    provide: NonNullable<ICertificateManagerOptions['certProvisionFunction']>,
    entry: CertificateEntry,
    signal: AbortSignal,
  ): Promise<IIssuedCertificate | undefined> {
    try {
      // Foreign code may give the value itself, and anything else, whatever its type says.
      const result: unknown = await inTime(Promise.resolve(provide(entry.domain)), signal);
      if (result === 'http01') return undefined;
      const { cert, key } = readProvided(result);
      const info = inspectCertificate(cert);
      if (!keyMatchesCertificate(cert, key)) throw new Error('its key and certificate do not belong together');
      if (info.notAfter.getTime() <= this.#clock.now()) throw new Error('its certificate has expired');
      if (!certificateCovers(info, entry.names.slice(0, 1))) throw new Error(`it does not cover ${entry.domain}`);
      return { cert, key, source: 'custom' };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `certProvisionFunction for ${entry.domain} failed: ${why}`;
      if (signal.aborted || this.#options.certProvisionFallbackToAcme === false) {
        throw new AcmeError('ACME_SOLVER_FAILED', message, { cause: error, retry: true });
      }
      this.#options.log?.('warn', `${message}; ordering by ACME`);
      return undefined;
    }
  }

  async #order(
    entry: CertificateEntry,
    signal: AbortSignal,
    before: ICertificateMaterial | undefined,
  ): Promise<IObtainedCertificate> {
    const { route } = entry;
    const email = route.email ?? this.#options.email;
    if (email === undefined && this.#options.emailRequired === true) {
      throw new AcmeError('ACME_ACCOUNT', 'automatic certificates need acme.email');
    }
    const client = await this.#accounts.client(route.directoryUrl ?? this.#options.directoryUrl, email);
    const port = await this.#portOf(route).hold();
    try {
      return await obtainCertificate(client, {
        names: entry.names,
        solvers: this.#preferred(entry, port.isOpen),
        signal,
        // RFC 9773 §5: only the CA that issued the old certificate knows it.
        replaces: before?.source === 'acme' ? before.cert : undefined,
        keyType: this.#options.keyType,
        preferredChain: this.#options.preferredChain,
        profile: this.#options.profile,
      });
    } finally {
      await port.release();
    }
  }

  #portOf(route: ICertificateRoute): ChallengePort {
    const number = route.challengePort ?? this.#options.challengePort ?? limits.challengePort;
    const port = this.#ports.get(number) ?? new ChallengePort(this.#options, number);
    this.#ports.set(number, port);
    return port;
  }

  #careful(solver: IChallengeSolver): IChallengeSolver {
    const { dnsChallenge } = this.#options;
    if (!isDns(solver) || dnsChallenge?.covers === undefined) return solver;
    return {
      ...solver,
      canSolve: ({ type, value }, wildcard) => type === 'dns' && (wildcard || dnsChallenge.covers?.(value) === true),
    };
  }

  /** The solvers for the next try: a challenge type that failed may be blocked on the way here, so others go first. */
  #preferred(entry: CertificateEntry, portIsOpen: boolean): IChallengeSolver[] {
    const possible = this.#solversOf(entry.route).filter((solver) => portIsOpen || solver.type !== 'http-01');
    // A name that has no other way is tried all the same: the handler says best what is missing.
    const solvers = possible.length > 1 ? possible.map((solver) => this.#careful(solver)) : possible;
    const failed = entry.lastFailure instanceof AcmeError && entry.lastFailure.code === 'ACME_CHALLENGE_FAILED';
    const first = failed && solvers.length > 0 ? entry.failures % solvers.length : 0;
    return [...solvers.slice(first), ...solvers.slice(0, first)];
  }
}

function readProvided(result: unknown): { cert: string; key: string } {
  const { publicKey: cert, privateKey: key } = (result ?? {}) as Record<string, unknown>;
  if (typeof cert === 'string' && typeof key === 'string') return { cert, key };
  throw new Error("it returned neither a certificate, with publicKey and privateKey, nor 'http01'");
}

function isDns(solver: IChallengeSolver): boolean {
  return solver.type === 'dns-01';
}

/** A promise of foreign code, given up when it takes too long or the manager stops. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject, resolve } = Promise.withResolvers<T>();
  const timeout = AbortSignal.timeout(limits.provisionFunctionTimeoutMs);
  const either = AbortSignal.any([timeout, signal]);
  const giveUp = (): void => reject(new Error(timeout.aborted ? 'it took too long' : 'the manager stops'));
  either.addEventListener('abort', giveUp, { once: true });
  work.then(resolve, reject).finally(() => either.removeEventListener('abort', giveUp));
  if (either.aborted) giveUp();
  return promise;
}
