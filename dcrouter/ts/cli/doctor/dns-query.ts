/**
 * One question to one server.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import { Resolver } from '@dcrouter/smartdns/client';
import { doctorLimits } from './limits.ts';

export interface IQuestion {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly type: string;
  /** For resolvers; servers of zones are asked without. */
  readonly recursion?: boolean;
}

export interface IReply {
  /** `NOERROR`, `NXDOMAIN`; or what failed. */
  readonly rcode: string;
  readonly data: readonly unknown[];
}

/** Never rejects: a failure is told as the reply's rcode. */
export async function query({ protocol, address, port, name, type, recursion = false }: IQuestion): Promise<IReply> {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  const server = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  const resolver = new Resolver({
    upstreams: [`${protocol}://${server}`],
    timeoutMs: doctorLimits.probeMs,
    cache: false,
    recursionDesired: recursion,
    specialNames: false,
  });
  try {
    const { rcode, records } = await resolver.resolve(name, type);
    return { rcode, data: records.map((record) => record.data as unknown) };
  } catch (error) {
    return { rcode: (error as { readonly code?: string }).code ?? String(error), data: [] };
  } finally {
    resolver.destroy();
  }
}
