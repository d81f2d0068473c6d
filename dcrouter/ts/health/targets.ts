/**
 * What a check looks at: addresses as configured, and where names lead now.
 *
 * @module
 */
import { isIP, isIPv6 } from 'node:net';
import type { ITargetResolver } from '@dcrouter/smartproxy';
import { targetsOf } from '../config/route-facts.ts';
import type { TRouteConfig } from '../config/schema/index.ts';
import { healthLimits } from './limits.ts';
import type { IProbeTarget } from './probes/types.ts';

/** A target as routes and checks name it. */
export interface ITargetRef {
  readonly host: string;
  /** 0: the ports are in SRV records. */
  readonly port: number;
  /** `host:port`, as the proxy calls it. */
  readonly name: string;
}

/** Reads `host:port`, `[address]:port` or `name:srv`. */
export function readTarget(text: string): ITargetRef {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = text.slice(colon + 1);
  return refOf(host, port === 'srv' ? 0 : Number(port));
}

/** The targets of a route that have one address each; those with the client's port are left out. */
export function routeTargets(route: TRouteConfig): ITargetRef[] {
  return targetsOf(route).flatMap(({ host, port }) => {
    if (port === 'preserve') return [];
    return [host].flat().map((each) => refOf(each, port === 'srv' ? 0 : port));
  });
}

/**
 * The addresses behind a target.
 *
 * @throws what the resolver says about a name that it cannot find
 */
export async function addressesOf(ref: ITargetRef, resolver: ITargetResolver): Promise<IProbeTarget[]> {
  const { host, port } = ref;
  if (isIP(host) !== 0) return [{ address: host, port, host }];
  const service = port === 0;
  const endpoints = resolver.peek(host, service) ?? (await resolver.resolve(host, service));
  const found = endpoints.flatMap((endpoint) =>
    endpoint.addresses.map((address) => ({ address, port: service ? endpoint.port : port, host: endpoint.name })),
  );
  return found.slice(0, healthLimits.probesMax);
}

export function targetText(host: string, port: number): string {
  if (port === 0) return `${host}:srv`;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function refOf(host: string, port: number): ITargetRef {
  return { host, port, name: targetText(host, port) };
}
