// What a DNS server under test is asked to serve: `handlers` names h0, h1, … of the zone, each with one A record.

export const ZONE = 'bench.test';
export const ADDRESS = '192.0.2.1';
export const TTL_SECONDS = 300;

export interface IDnsScenario {
  readonly port: number;
  /** Handlers registered; 1 means one wildcard handler for the whole zone. */
  readonly handlers: number;
  /** Whether a handler stands for all names that end in its digits, because more names are asked for than there are. */
  readonly shared: boolean;
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
  if (scenario.handlers === 1) return `*.${ZONE}`;
  return scenario.shared ? `h*${index}.${ZONE}` : `h${index}.${ZONE}`;
}

/** Whether a row asks ten handlers for more names than they have of their own. */
export const isShared = (handlers: number, names: number | undefined): boolean =>
  handlers === 10 && (names ?? 0) > handlers;

/** Distinct names asked for where a row does not say otherwise. */
const NAMES_MAX = 2_000;

/** The names asked for, spread over the handlers; each of them is answered by one. More names than handlers share them. */
export function queriedNames(handlers: number, names?: number): string[] {
  const own = isShared(handlers, names) ? names! : Math.min(handlers, names ?? NAMES_MAX);
  const count = handlers === 1 ? WILDCARD_NAMES : own;
  const stride = handlers === 1 ? 1 : Math.max(1, Math.floor(handlers / count));
  return Array.from({ length: count }, (_, index) => `h${index * stride}.${ZONE}`);
}
