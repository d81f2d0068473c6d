/**
 * A certificate manager over the socketless test CA, with a clock that tests move.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type {
  ICertificateEvent,
  ICertificateManagerOptions,
  ICertificateRoute,
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
