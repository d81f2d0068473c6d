/**
 * A server on a free loopback port for one test, stopped with it, its laws checked at the end.
 *
 * @module
 */
import type { TestContext } from 'node:test';
import { DnsServer, type IDnsServerOptions } from '#server';
import { assertLaws } from './laws.ts';

export interface IStarted {
  server: DnsServer;
  port: number;
}

/** Starts a server with the example zone and, after the test, stops it and holds its numbers to their laws. */
export async function startServer(
  context: TestContext,
  options: IDnsServerOptions = {},
  prepare: (server: DnsServer) => void = () => {},
): Promise<IStarted> {
  const server = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', dnssecZone: 'example.test', ...options });
  prepare(server);
  await server.start();
  context.after(async () => {
    await server.stop();
    assertLaws(server);
  });
  return { server, port: server.addresses.udp?.port ?? 0 };
}

/** A handler's record with this name, type and data. */
export function record(
  name: string,
  type: string,
  data: unknown,
  ttl = 60,
): { name: string; type: string; class: string; ttl: number; data: unknown } {
  return { name, type, class: 'IN', ttl, data };
}
