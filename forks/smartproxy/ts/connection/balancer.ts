/**
 * Choosing among a route's targets: priority, then match, then the algorithm over those that are healthy.
 *
 * @module
 */
import type { IRouteLoadBalancing } from '../interfaces/http.ts';
import { allHeadersMatch, compileHeaders, compileMethods } from '../route/conditions.ts';
import type { HeaderCondition, THeaderLookup } from '../route/conditions.ts';
import { PathPattern, pathEnd } from '../route/path.ts';
import type { Connection } from './connection.ts';
import type { TargetPolicy } from './policy.ts';

/** A request as target conditions see it. */
export interface IRequestFacts {
  readonly method: string;
  readonly path: string;
  readonly header: THeaderLookup;
}

interface ICandidate {
  readonly policy: TargetPolicy;
  readonly ports: ReadonlySet<number> | null;
  readonly path: PathPattern | null;
  readonly methods: ReadonlySet<string> | null;
  readonly headers: readonly HeaderCondition[] | null;
  readonly conditional: boolean;
  /** How one of several hosts of this target is chosen, in place of the route's. */
  readonly algorithm: IRouteLoadBalancing['algorithm'] | undefined;
  /** Smooth weighted round robin: how far it is behind its share. */
  credit: number;
}

const HASH_SEED = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

export class Balancer {
  readonly #algorithm: IRouteLoadBalancing['algorithm'];
  /** By priority, highest first. */
  readonly #candidates: readonly ICandidate[];

  /** @param turn of the first one that is served; processes that serve together begin one after the other */
  constructor(policies: readonly TargetPolicy[], algorithm: IRouteLoadBalancing['algorithm'], turn = 0) {
    this.#algorithm = algorithm;
    this.#candidates = policies
      .map((policy) => toCandidate(policy))
      .sort((one, other) => other.policy.priority - one.policy.priority);
    for (const conditional of [true, false]) {
      const kind = this.#candidates.filter((candidate) => candidate.conditional === conditional);
      const top = kind.filter(({ policy }) => policy.priority === kind[0]!.policy.priority);
      if (top.length > 1) for (let at = 0; at < turn; at += 1) byTurn(top);
    }
  }

  /**
   * The target: conditional ones that fit first, then those without a condition; of each kind the highest priority that
   * has a healthy target; those that are taken out are passed over. When none is healthy the check is taken to be wrong rather than everybody turned away.
   */
  pick(connection: Connection, facts: IRequestFacts | null): TargetPolicy | null {
    return (
      this.#pickAmong(this.#fitting(connection, facts, true), connection) ??
      this.#pickAmong(this.#fitting(connection, facts, false), connection)
    );
  }

  #fitting(connection: Connection, facts: IRequestFacts | null, conditional: boolean): ICandidate[] {
    return this.#candidates.filter(
      (candidate) =>
        candidate.conditional === conditional && candidate.policy.open && fits(candidate, connection, facts),
    );
  }

  #pickAmong(fitting: readonly ICandidate[], connection: Connection): TargetPolicy | null {
    const healthy = fitting.filter(({ policy }) => policy.healthy);
    const usable = healthy.length > 0 ? healthy : fitting;
    const top = usable.filter(({ policy }) => policy.priority === usable[0]!.policy.priority);
    if (top.length <= 1) return top[0]?.policy ?? null;
    const own = top[0]!.algorithm;
    const algorithm =
      own !== undefined && top.every((candidate) => candidate.algorithm === own) ? own : this.#algorithm;
    if (algorithm === 'ip-hash') return byHash(top, connection.clientIp);
    if (algorithm === 'least-connections') return byLoad(top);
    return byTurn(top);
  }
}

function toCandidate(policy: TargetPolicy): ICandidate {
  const { match } = policy.config;
  return {
    policy,
    ports: match?.ports === undefined ? null : new Set(match.ports),
    path: match?.path === undefined ? null : new PathPattern(match.path),
    methods: compileMethods(match?.method),
    headers: compileHeaders(match?.headers),
    conditional: match !== undefined,
    algorithm: policy.config.loadBalancing?.algorithm,
    credit: 0,
  };
}

function fits(candidate: ICandidate, connection: Connection, facts: IRequestFacts | null): boolean {
  if (!candidate.conditional) return true;
  if (candidate.ports !== null && !candidate.ports.has(connection.localPort)) return false;
  if (facts === null) return candidate.path === null && candidate.methods === null && candidate.headers === null;
  if (candidate.methods !== null && !candidate.methods.has(facts.method)) return false;
  if (candidate.path !== null && !candidate.path.matches(facts.path, pathEnd(facts.path))) return false;
  return candidate.headers === null || allHeadersMatch(candidate.headers, facts.header);
}

/** Smooth weighted round robin: each earns its weight, the richest serves and pays for all. */
function byTurn(candidates: readonly ICandidate[]): TargetPolicy {
  let total = 0;
  let best = candidates[0]!;
  for (const candidate of candidates) {
    candidate.credit += candidate.policy.weight;
    total += candidate.policy.weight;
    if (candidate.credit > best.credit) best = candidate;
  }
  best.credit -= total;
  return best.policy;
}

function byLoad(candidates: readonly ICandidate[]): TargetPolicy {
  let best = candidates[0]!;
  for (const candidate of candidates) {
    if (loadOf(candidate.policy) < loadOf(best.policy)) best = candidate;
  }
  return best.policy;
}

/** Without a weight it gets nothing while another has one. */
function loadOf({ load, weight }: TargetPolicy): number {
  return weight === 0 ? Infinity : load / weight;
}

/**
 * Highest random weight (rendezvous) hashing: when a target goes, only its own clients move.
 */
function byHash(candidates: readonly ICandidate[], key: string): TargetPolicy {
  let best = candidates[0]!;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const { host, port } = candidate.policy.config;
    const share = (hash(`${key} ${String(host)} ${String(port)}`) + 1) / 2 ** 32;
    const score = -candidate.policy.weight / Math.log(share);
    if (score > bestScore) {
      bestScore = score;
      best = candidate;
    }
  }
  return best.policy;
}

/** FNV-1a with a final mix; spreads similar addresses well enough for balancing. */
function hash(text: string): number {
  let value = HASH_SEED;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), HASH_PRIME);
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  return value >>> 0;
}
