// What a DNS server under test is asked to serve: `handlers` names h0, h1, … of the zone, each with one A record.

export const ZONE = 'bench.test';
export const ADDRESS = '192.0.2.1';
export const TTL_SECONDS = 300;

export interface IDnsScenario {
  readonly port: number;
  /** Handlers registered; 1 means one wildcard handler for the whole zone. */
  readonly handlers: number;
  /** Whether the zone is signed. */
  readonly dnssec: boolean;
  /** Whether a middleware and listeners for events are in place; ours only. */
  readonly observed: boolean;
  /** Whether UDP goes many datagrams per system call (`udpBatch`); ours only. */
  readonly batch: boolean;
  /** HTTPS port for DNS over HTTPS; 0 for none. */
  readonly httpsPort: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly folder: string;
}

/** Names that the load asks for when one wildcard handler answers all. */
const WILDCARD_NAMES = 100;

export function handlerPattern(scenario: IDnsScenario, index: number): string {
  return scenario.handlers === 1 ? `*.${ZONE}` : `h${index}.${ZONE}`;
}

/** Distinct names asked for where a row does not say otherwise. */
const NAMES_MAX = 2_000;

/** The names asked for, spread over the handlers; each of them is answered by one. */
export function queriedNames(handlers: number, names: number = NAMES_MAX): string[] {
  const count = handlers === 1 ? WILDCARD_NAMES : Math.min(handlers, names);
  const stride = handlers === 1 ? 1 : Math.max(1, Math.floor(handlers / count));
  return Array.from({ length: count }, (_, index) => `h${index * stride}.${ZONE}`);
}
