/**
 * A certificate manager over the socketless test CA, with a clock that tests move.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type {
  ICertificateEvent,
  ICertificateManagerOptions,
  ICertificateRoute,
  ICertificateStorage,
  ICertificateSubject,
  IKeptCertificate,
  TCertificateEventName,
} from '@dcrouter/smartproxy';
import { CertificateManager } from '@dcrouter/smartproxy';

import { FakeCa, FakeClock } from '../../../../acme/test/support/fake-ca.ts';

export const dayMs = 86_400_000;

export interface IManagerSetup {
  readonly ca: FakeCa;
  readonly clock: FakeClock;
  readonly events: { readonly name: TCertificateEventName; readonly event: ICertificateEvent }[];
  readonly log: string[];
  readonly swaps: string[];
  readonly certDir: string;
  /** A manager; all that a test makes share CA, clock and store. */
  readonly create: (options?: Partial<ICertificateManagerOptions>) => CertificateManager;
  /** Resolves at the next event with this name. */
  readonly next: (name: TCertificateEventName) => Promise<ICertificateEvent>;
}

export async function setupManager(t: TestContext): Promise<IManagerSetup> {
  const certDir = await mkdtemp(join(tmpdir(), 'certs-'));
  const clock = new FakeClock();
  const ca = new FakeCa(clock);
  const managers: CertificateManager[] = [];
  const events: IManagerSetup['events'] = [];
  const log: string[] = [];
  const swaps: string[] = [];
  const waiting: { name: string; resolve: (event: ICertificateEvent) => void }[] = [];
  t.after(async () => {
    await Promise.all(managers.map((manager) => manager.stop()));
    await rm(certDir, { recursive: true, force: true });
  });
  return {
    ca,
    clock,
    events,
    log,
    swaps,
    certDir,
    create(options = {}) {
      const manager = new CertificateManager({
        certDir,
        directoryUrl: ca.directoryUrl,
        email: 'admin@example.test',
        transport: ca.transport,
        clock,
        random: () => 0,
        onEvent: (name, event) => {
          events.push({ name, event });
          for (const item of waiting.splice(0)) {
            if (item.name === name) item.resolve(event);
            else waiting.push(item);
          }
        },
        onMaterial: (routeName) => void swaps.push(routeName),
        log: (level, message) => void log.push(`${level}: ${message}`),
        ...options,
      });
      managers.push(manager);
      return manager;
    },
    next: (name) => new Promise((resolve) => waiting.push({ name, resolve })),
  };
}

/** A route that wants an automatic certificate. */
export function auto(name: string, ...domains: string[]): ICertificateRoute {
  return { name, domains, certificate: 'auto' };
}

/** A storage that nodes share, with a lock that is handed on in the order of asking. */
export class SharedStorage implements ICertificateStorage {
  readonly certificates = new Map<string, IKeptCertificate>();
  readonly accounts = new Map<string, string>();
  away = false;
  #turns = new Map<string, Promise<unknown>>();

  async getCertificate({ key, route }: ICertificateSubject): Promise<IKeptCertificate | undefined> {
    this.#here();
    return this.certificates.get(key) ?? this.certificates.get(route);
  }

  async putCertificate({ key, route }: ICertificateSubject, certificate: IKeptCertificate): Promise<void> {
    this.#here();
    for (const name of [key, route]) this.certificates.set(name, certificate);
  }

  async getAccount(directoryUrl: string): Promise<string | undefined> {
    this.#here();
    return this.accounts.get(directoryUrl);
  }

  async putAccount(directoryUrl: string, keyPem: string): Promise<void> {
    this.accounts.set(directoryUrl, keyPem);
  }

  async withLock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#here();
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => work(new AbortController().signal));
    this.#turns.set(name, turn);
    return await turn;
  }

  #here(): void {
    if (this.away) throw new Error('the database is away');
  }
}

/** Waits, turn by turn of the event loop, until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn === 10_000) assert.fail('it did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
