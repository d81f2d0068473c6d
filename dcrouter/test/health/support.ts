// Checks on loopback, and a resolver that knows what it is told.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { TestContext } from 'node:test';
import type { ITargetEndpoint, ITargetResolver } from '@dcrouter/smartproxy';
import { validateConfig } from '../../ts/config/load.ts';
import { parseConfigDocument } from '../../ts/config/document.ts';
import type { TConfig } from '../../ts/config/schema/index.ts';
import { Check, type ICheckOptions } from '../../ts/health/check.ts';

/** A configuration of only what the test is about. */
export function configOf(document: object): TConfig {
  return validateConfig(parseConfigDocument('test.json', JSON.stringify(document), {}));
}

export async function listen(t: TestContext, server: NetServer | Server, address = '127.0.0.1'): Promise<number> {
  server.listen(0, address);
  await once(server, 'listening');
  t.after(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export async function httpBackend(t: TestContext, listener: RequestListener): Promise<number> {
  return await listen(t, createServer(listener));
}

export async function httpsBackend(
  t: TestContext,
  material: { readonly key: string; readonly cert: string },
  listener: RequestListener,
): Promise<number> {
  return await listen(t, createHttpsServer({ key: material.key, cert: material.cert }, listener));
}

export class FixedNames implements ITargetResolver {
  readonly known = new Map<string, readonly ITargetEndpoint[]>();

  set(name: string, ...addresses: string[]): void {
    this.known.set(name, [{ name, addresses, port: 0, priority: 0, weight: 0 }]);
  }

  peek(name: string): readonly ITargetEndpoint[] | null {
    return this.known.get(name) ?? null;
  }

  async resolve(name: string): Promise<readonly ITargetEndpoint[]> {
    throw new Error(`there is no ${name}`);
  }
}

/** A check whose probe answers what the test says. */
export function checkOf(name: string, more: Partial<ICheckOptions> = {}): Check {
  const options: ICheckOptions = {
    name,
    type: 'tcp',
    target: '127.0.0.1:80',
    targets: [{ host: '127.0.0.1', port: 80, name: '127.0.0.1:80' }],
    probe: async () => null,
    intervalMs: 1_000,
    timeoutMs: 100,
    rise: 2,
    fall: 3,
    balances: true,
    ...more,
  };
  return new Check(options, 0);
}
