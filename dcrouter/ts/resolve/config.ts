/**
 * What about resolving fits the schema and still cannot work.
 *
 * @module
 */
import { DnsError, Resolver } from '@dcrouter/smartdns/client';
import type { TConfig } from '../config/schema/index.ts';

export interface IResolveComplaint {
  /** Path in the document. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function resolveComplaints(config: TConfig): IResolveComplaint[] {
  return [...serverComplaints(config), ...workerComplaints(config)];
}

/** What the DNS client says about the servers. */
function serverComplaints({ resolve }: TConfig): IResolveComplaint[] {
  return resolve.servers.flatMap((server, index) => {
    try {
      new Resolver({ upstreams: [server] }).destroy();
      return [];
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      return [{ path: ['resolve', 'servers', index], message: `got '${server}'; ${error.message}` }];
    }
  });
}

/** Worker processes leave names to the system, which knows no services. */
function workerComplaints({ proxy }: TConfig): IResolveComplaint[] {
  if (proxy?.workers === undefined) return [];
  return proxy.routes.flatMap((route, index) =>
    (route.action.targets ?? []).flatMap(({ port }, at) => {
      if (port !== 'srv') return [];
      const path = ['proxy', 'routes', index, 'action', 'targets', at, 'port'];
      return [{ path, message: "got 'srv', which cannot be had together with proxy.workers; leave one of them out" }];
    }),
  );
}
