/**
 * The certificate manager of a proxy: its hooks into ports, TLS contexts, events and worker processes.
 *
 * @module
 */
import type { Ports } from '../accept/ports.ts';
import { CertificateManager } from '../certificates/certificate-manager.ts';
import { certificateOptions } from '../certificates/setup.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { IEngine } from './engine.ts';
import { planOf } from './plan.ts';

/** What there is by the time that a certificate changes. */
export interface ICertificateUsers {
  readonly engine: () => IEngine;
  readonly workers: () => { shareCertificate(routeName: string): void } | null;
  readonly ports: Ports;
}

export function manageCertificates(options: ISmartProxyOptions, users: ICertificateUsers): CertificateManager {
  return new CertificateManager({
    ...certificateOptions(options),
    onEvent: (name, event) => users.engine().gate.emit(name, event),
    onMaterial: (routeName) => {
      const engine = users.engine();
      const route = engine.table.routes.find(({ name }) => name === routeName);
      if (route !== undefined) planOf(engine, route).renewContext(engine);
      users.workers()?.shareCertificate(routeName);
    },
    openChallengePort: (port) => users.ports.openForChallenges(port),
  });
}
