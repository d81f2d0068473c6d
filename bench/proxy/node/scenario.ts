// Reads the scenario that a Node peer was started with.
import { readFileSync } from 'node:fs';
import type { IScenario } from '../scenario.ts';

export const scenario: IScenario = JSON.parse(process.argv[2] ?? '{}') as IScenario;

/** The backend as a URL. */
export const target: string = `http://127.0.0.1:${scenario.backendPort}`;

/** TLS options for `https` scenarios. */
export function tlsOptions(): { cert: Buffer; key: Buffer; minVersion: 'TLSv1.3' } {
  return { cert: readFileSync(scenario.certFile), key: readFileSync(scenario.keyFile), minVersion: 'TLSv1.3' };
}

/** Upstream connections that a peer may keep: enough for every connection of the load. */
export const UPSTREAM_SOCKETS = 256;
