/**
 * In which order the addresses of a named target are tried.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import { targetName } from '../connection/target-name.ts';
import type { ITargetEndpoint } from '../interfaces/upstreams.ts';
import type { UpstreamStates } from './states.ts';

/** One address to connect to. */
export interface IDestination {
  readonly address: string;
  readonly port: number;
  /** `address:port`, as states and numbers name it. */
  readonly name: string;
}

/** What the order depends on besides the endpoints. */
export interface IOrderFacts {
  /** Port of host names; 0 takes that of the SRV records. */
  readonly port: number;
  readonly states: UpstreamStates;
  /** Whether connecting to it failed just now. */
  failedLately(destination: string): boolean;
  /** 0 ≤ value < 1. */
  random(): number;
  /** Counts up with every connection, so that the addresses of a name take turns. */
  readonly turn: number;
}

/**
 * The destinations, best first: SRV records by priority and weight (RFC 2782), of each name the families in alternation
 * (RFC 8305 §4), the addresses of a family in turn. Those that are not healthy, then those that failed just now, come
 * after all others; those that are taken out, not at all.
 */
export function orderDestinations(endpoints: readonly ITargetEndpoint[], facts: IOrderFacts): IDestination[] {
  const { states } = facts;
  const good: IDestination[] = [];
  const failed: IDestination[] = [];
  const unhealthy: IDestination[] = [];
  for (const endpoint of byPriorityAndWeight(endpoints, facts)) {
    for (const destination of alternate(endpoint, facts)) {
      if (!isOpen(states, endpoint, destination)) continue;
      if (!isHealthy(states, endpoint, destination)) unhealthy.push(destination);
      else if (facts.failedLately(destination.name)) failed.push(destination);
      else good.push(destination);
    }
  }
  return [...good, ...failed, ...unhealthy];
}

/**
 * The names of the destinations that a connection may stay in the pool for: none that is gone or taken out, and none
 * that is not healthy while another one is.
 */
export function currentDestinations(
  endpoints: readonly ITargetEndpoint[],
  port: number,
  states: UpstreamStates,
): ReadonlySet<string> {
  const healthy = new Set<string>();
  const all = new Set<string>();
  for (const endpoint of endpoints) {
    for (const address of endpoint.addresses) {
      const destination = destinationOf(endpoint, address, port);
      if (!isOpen(states, endpoint, destination)) continue;
      all.add(destination.name);
      if (isHealthy(states, endpoint, destination)) healthy.add(destination.name);
    }
  }
  return healthy.size > 0 ? healthy : all;
}

function destinationOf(endpoint: ITargetEndpoint, address: string, port: number): IDestination {
  const own = port === 0 ? endpoint.port : port;
  return { address, port: own, name: targetName(address, own) };
}

/** Both names count: the address's, and that of the SRV record's target. */
function isOpen(states: UpstreamStates, endpoint: ITargetEndpoint, { name, port }: IDestination): boolean {
  if (states.version === 0) return true;
  return states.find(name)?.open !== false && states.find(targetName(endpoint.name, port))?.open !== false;
}

function isHealthy(states: UpstreamStates, endpoint: ITargetEndpoint, { name, port }: IDestination): boolean {
  if (states.version === 0) return true;
  return states.find(name)?.healthy !== false && states.find(targetName(endpoint.name, port))?.healthy !== false;
}

function byPriorityAndWeight(endpoints: readonly ITargetEndpoint[], facts: IOrderFacts): readonly ITargetEndpoint[] {
  if (endpoints.length <= 1) return endpoints;
  const groups = Map.groupBy(endpoints, ({ priority }) => priority);
  const priorities = [...groups.keys()].sort((left, right) => left - right);
  return priorities.flatMap((priority) => draw(groups.get(priority)!, facts));
}

/** One after the other, each with a chance as large as its weight; a weight set at run time wins over the record's. */
function draw(endpoints: readonly ITargetEndpoint[], facts: IOrderFacts): ITargetEndpoint[] {
  const { states, port } = facts;
  const weightOf = (endpoint: ITargetEndpoint): number =>
    states.find(targetName(endpoint.name, port === 0 ? endpoint.port : port))?.weight ?? endpoint.weight;
  // RFC 2782: weight 0 first, so that it has a very small chance of being drawn.
  const left = [...endpoints].sort((one, other) => weightOf(one) - weightOf(other));
  const drawn: ITargetEndpoint[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, endpoint) => total + weightOf(endpoint), 0);
    const mark = Math.floor(facts.random() * (sum + 1));
    let reached = 0;
    const at = left.findIndex((endpoint) => (reached += weightOf(endpoint)) >= mark);
    drawn.push(...left.splice(at, 1));
  }
  return drawn;
}

function alternate(endpoint: ITargetEndpoint, { port, turn }: IOrderFacts): IDestination[] {
  const { addresses } = endpoint;
  const sixFirst = addresses[0] !== undefined && isIPv6(addresses[0]);
  const first = turned(
    addresses.filter((address) => isIPv6(address) === sixFirst),
    turn,
  );
  const second = turned(
    addresses.filter((address) => isIPv6(address) !== sixFirst),
    turn,
  );
  const order: string[] = [];
  for (let at = 0; at < Math.max(first.length, second.length); at += 1) {
    if (at < first.length) order.push(first[at]!);
    if (at < second.length) order.push(second[at]!);
  }
  return order.map((address) => destinationOf(endpoint, address, port));
}

function turned(addresses: readonly string[], turn: number): string[] {
  if (addresses.length <= 1) return [...addresses];
  const start = turn % addresses.length;
  return [...addresses.slice(start), ...addresses.slice(0, start)];
}
