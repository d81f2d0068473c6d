// A real server for the zone example.test with short TTLs, and resolvers that ask it.
import type { TestContext } from 'node:test';
import { DnsServer, type Zone } from '@dcrouter/smartdns/server';
import type { ITargetResolverOptions } from '../../ts/resolve/target-resolver.ts';

type TRecord = readonly [name: string, type: string, ttl: number, data: unknown];

export interface IAuthority {
  readonly server: DnsServer;
  readonly zone: Zone;
  /** `127.0.0.1:port`, as resolvers are configured. */
  readonly address: string;
  /** Replaces the records of a name and type. */
  set(name: string, type: string, ttl: number, ...data: unknown[]): void;
  /** Questions that came. */
  queries(): number;
  stop(): Promise<void>;
  /** Serves again, on another port. */
  restart(): Promise<void>;
}

export async function authority(t: TestContext, records: readonly TRecord[]): Promise<IAuthority> {
  const zone = {
    origin: 'example.test',
    soa: { minimum: 2 },
    nameservers: ['ns1.example.test'],
    records: [
      { name: 'ns1.example.test', type: 'A', ttl: 300, data: '127.0.0.1' },
      ...records.map(([name, type, ttl, data]) => ({ name: `${name}.example.test`, type, ttl, data: data as string })),
    ],
  };
  const make = (): DnsServer => new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', zones: [zone] });
  let server = make();
  await server.start();
  t.after(async () => await server.stop());
  return {
    get server() {
      return server;
    },
    get zone() {
      return server.zones.get('example.test')!;
    },
    get address() {
      return `127.0.0.1:${server.addresses.udp!.port}`;
    },
    set(name, type, ttl, ...data) {
      server.zones.get('example.test')!.update((changes) => {
        changes.remove({ name: `${name}.example.test`, type });
        for (const each of data) changes.add({ name: `${name}.example.test`, type, ttl, data: each as string });
      });
    },
    queries: () => server.stats.getTotalQueries(),
    stop: async () => await server.stop(),
    restart: async () => {
      server = make();
      await server.start();
    },
  };
}

export const optionsFor = (address: string, more: Partial<ITargetResolverOptions> = {}): ITargetResolverOptions => ({
  servers: [address],
  timeoutMs: 1_000,
  minTtlSeconds: 0,
  maxTtlSeconds: 3_600,
  staleSeconds: 60,
  family: 'ipv4',
  ...more,
});
