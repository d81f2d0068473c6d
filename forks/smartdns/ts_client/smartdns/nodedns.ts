/**
 * Look-ups by Node's own resolver (c-ares), with every record of the answer as text.
 *
 * @module
 */
import dns from 'node:dns';
import { DnsError, dnsErrorCodes } from '../errors/errors.ts';
import type { TDnsErrorCode } from '../errors/errors.ts';
import type { IAnyDnsRecord } from './recordtypes.ts';

type TNodeLookup = (resolver: dns.promises.Resolver, name: string) => Promise<string[]>;

/** What Node's resolver can look up, and how each result reads as text. */
const nodeLookups: Readonly<Record<string, TNodeLookup>> = {
  A: (resolver, name) => resolver.resolve4(name),
  AAAA: (resolver, name) => resolver.resolve6(name),
  CNAME: (resolver, name) => resolver.resolveCname(name),
  NS: (resolver, name) => resolver.resolveNs(name),
  PTR: (resolver, name) => resolver.resolvePtr(name),
  TXT: async (resolver, name) => (await resolver.resolveTxt(name)).map((strings) => strings.join('')),
  MX: async (resolver, name) =>
    (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`),
  SRV: async (resolver, name) =>
    (await resolver.resolveSrv(name)).map(
      ({ priority, weight, port, name: target }) => `${priority} ${weight} ${port} ${target}`,
    ),
  SOA: async (resolver, name) => {
    const { nsname, hostmaster, serial, refresh, retry, expire, minttl } = await resolver.resolveSoa(name);
    return [`${nsname} ${hostmaster} ${serial} ${refresh} ${retry} ${expire} ${minttl}`];
  },
};

/** Whether Node's resolver knows a type well enough; for the others it has no text form, or no function. */
export function nodeCanLookUp(type: string): boolean {
  return Object.hasOwn(nodeLookups, type);
}

/** Node's resolver with the servers of this process; can be called off. */
export class NodeDns {
  readonly #running = new Set<dns.promises.Resolver>();

  /** @throws DnsError with Node's own code, such as `ENOTFOUND` or `ENODATA` */
  async lookUp(name: string, type: string, timeoutMs: number): Promise<IAnyDnsRecord[]> {
    const resolver = new dns.promises.Resolver({ timeout: timeoutMs, tries: 1 });
    resolver.setServers(dns.getServers());
    this.#running.add(resolver);
    try {
      const values = (await nodeLookups[type]?.(resolver, name)) ?? [];
      return values.map((value) => ({ name, type, value, dnsSecEnabled: false }));
    } catch (error) {
      const { code = '', syscall } = error as NodeJS.ErrnoException;
      throw new DnsError(knownCode(code), { hostname: name, type, syscall, upstream: 'system', cause: error });
    } finally {
      this.#running.delete(resolver);
    }
  }

  cancel(): void {
    for (const resolver of this.#running) resolver.cancel();
  }
}

const otherCodes: Readonly<Record<string, TDnsErrorCode>> = {
  ECONNREFUSED: 'ECONNECT',
  ECANCELLED: 'EDESTROYED',
  EBADQUERY: 'EBADNAME',
};

function knownCode(code: string): TDnsErrorCode {
  if (Object.hasOwn(dnsErrorCodes, code)) return code as TDnsErrorCode;
  return otherCodes[code] ?? 'ESERVFAIL';
}
