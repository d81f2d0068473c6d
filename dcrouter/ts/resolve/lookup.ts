/**
 * The questions behind a target's name: A and AAAA, or SRV.
 *
 * @module
 */
import { networkInterfaces } from 'node:os';
import type { IResolution, Resolver } from '@dcrouter/smartdns/client';
import { resolveLimits } from './limits.ts';

/** Which addresses are used, and which come first; `auto`: IPv6 first where this machine has it. */
export type TFamily = 'auto' | 'ipv4' | 'ipv6' | 'ipv4-only' | 'ipv6-only';

export interface IService {
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** What was found, and for how many seconds it holds. */
export interface IFound<T> {
  readonly items: readonly T[];
  readonly ttlSeconds: number;
}

/** There is no such name, or nothing of the kind under it: an answer, not a failure. */
export class NameNotFound extends Error {
  readonly code = 'ENOTFOUND';
  readonly ttlSeconds: number;

  constructor(message: string, ttlSeconds: number) {
    super(message);
    this.name = 'NameNotFound';
    this.ttlSeconds = ttlSeconds;
  }
}

/**
 * The addresses of a name, both families asked at once, the preferred one first.
 *
 * @throws NameNotFound when there are none; else what the resolver reports
 */
export async function findAddresses(resolver: Resolver, name: string, family: TFamily): Promise<IFound<string>> {
  const types = typesOf(family);
  const results = await Promise.allSettled(types.map(async (type) => await resolver.resolve(name, type)));
  const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const items = answers.flatMap(({ records }) => records.map(({ data }) => String(data)));
  if (items.length > 0) {
    // That a name has no address of the other family holds for another time, and is found out with the next question.
    const ttlSeconds = ttlOf(answers.filter(({ records }) => records.length > 0));
    return { items: items.slice(0, resolveLimits.addressesMax), ttlSeconds };
  }
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  throw new NameNotFound(`${name} has no address`, ttlOf(answers));
}

/**
 * The servers of a service (RFC 2782), lowest priority first.
 *
 * @throws NameNotFound when there are none, or the domain says so; else what the resolver reports
 */
export async function findServices(resolver: Resolver, name: string): Promise<IFound<IService>> {
  const answer = await resolver.resolve(name, 'SRV');
  const items = answer.records.map(({ data }) => data as unknown as IService);
  const ttlSeconds = ttlOf([answer]);
  if (items.length === 0) throw new NameNotFound(`${name} has no SRV records`, ttlSeconds);
  if (items.length === 1 && items[0]!.target === '.') throw new NameNotFound(`${name} is not offered`, ttlSeconds);
  const sorted = [...items].sort((left, right) => left.priority - right.priority);
  return { items: sorted.slice(0, resolveLimits.servicesMax), ttlSeconds };
}

function typesOf(family: TFamily): readonly string[] {
  if (family === 'ipv4-only') return ['A'];
  if (family === 'ipv6-only') return ['AAAA'];
  const sixFirst = family === 'ipv6' || (family === 'auto' && hasIpv6());
  return sixFirst ? ['AAAA', 'A'] : ['A', 'AAAA'];
}

/** Each answer holds for its own time; all of them together, for the shortest. */
function ttlOf(answers: readonly IResolution[]): number {
  const ttls = answers.map(({ ttl, source }) =>
    source === 'system' && ttl === 0 ? resolveLimits.systemTtlSeconds : ttl,
  );
  return Math.min(...ttls);
}

/** An address beyond loopback and the link. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ internal, family, address }) => !internal && family === 'IPv6' && !address.startsWith('fe80:')),
  );
}
