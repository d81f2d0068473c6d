/**
 * Services by SRV records, in the order in which to try their servers (RFC 2782).
 *
 * @module
 */
import type { ISrvData } from '#wire';
import type { IResolution } from '../interfaces/answers.ts';
import type { TResolve } from './lookup.ts';

export interface IServiceTarget {
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
  /** Seconds for which the record may be kept. */
  readonly ttl: number;
}

/** Looks a service up. Empty when there is none, or when the domain says so with the target `.`. */
export async function resolveService(
  resolve: TResolve,
  service: string,
  protocol: string,
  domain: string,
): Promise<IServiceTarget[]> {
  const resolution = await resolve(`${underscored(service)}.${underscored(protocol)}.${domain}`, 'SRV');
  return orderServices(targetsOf(resolution), Math.random);
}

function underscored(label: string): string {
  return label.startsWith('_') ? label : `_${label}`;
}

function targetsOf(resolution: IResolution): IServiceTarget[] {
  const targets = resolution.records.map((record) => {
    const { priority, weight, port, target } = record.data as ISrvData;
    return { target, port, priority, weight, ttl: record.ttl };
  });
  return targets.length === 1 && targets[0]?.target === '.' ? [] : targets;
}

/**
 * Lowest priority first; within one priority at random, each with a chance as large as its weight.
 *
 * @param random 0 ≤ value < 1
 */
export function orderServices(targets: readonly IServiceTarget[], random: () => number): IServiceTarget[] {
  const byPriority = Map.groupBy(targets, (target) => target.priority);
  const priorities = [...byPriority.keys()].sort((left, right) => left - right);
  return priorities.flatMap((priority) => drawAll(byPriority.get(priority) ?? [], random));
}

function drawAll(targets: readonly IServiceTarget[], random: () => number): IServiceTarget[] {
  // Weight 0 goes to the front: "a very small chance of being selected" before the others.
  const left = [...targets].sort((a, b) => a.weight - b.weight);
  const drawn: IServiceTarget[] = [];
  while (left.length > 0) {
    let sum = 0;
    for (const target of left) sum += target.weight;
    // An integer from 0 to the sum, both included.
    const mark = Math.floor(random() * (sum + 1));
    let reached = 0;
    const at = left.findIndex((target) => (reached += target.weight) >= mark);
    drawn.push(...left.splice(at, 1));
  }
  return drawn;
}
