/**
 * Well when a name server answers a question with records.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import { Resolver } from '@dcrouter/smartdns/client';
import { faultOf } from './http.ts';
import type { TProbe } from './types.ts';

export function probeDns(query: { readonly name: string; readonly type: string }): TProbe {
  return async ({ address, port }, { timeoutMs, signal }) => {
    const server = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
    const resolver = new Resolver({ upstreams: [server], timeoutMs, cache: false, recursionDesired: false });
    try {
      const { rcode, records } = await resolver.resolve(query.name, query.type, { signal });
      if (rcode !== 'NOERROR') return rcode.toLowerCase();
      return records.length === 0 ? 'no-records' : null;
    } catch (error) {
      return faultOf(error as NodeJS.ErrnoException);
    } finally {
      resolver.destroy();
    }
  };
}
