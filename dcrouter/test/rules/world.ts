/** A router with rules on free ports, a backend behind it, curl and dig in front of it, and the laws afterwards. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { DnsLedger } from '../../../test/laws/dns.ts';
import { ProxyLedger } from '../../../test/laws/proxy.ts';
import { freePorts } from '../../../test/helpers/ports.ts';
import { parseConfigDocument } from '../../ts/config/document.ts';
import { validateConfig } from '../../ts/config/load.ts';
import type { TConfig } from '../../ts/config/schema/index.ts';
import { DcRouter } from '../../ts/router.ts';

const run = promisify(execFile);

export interface IWorld {
  readonly router: DcRouter;
  readonly webPort: number;
  readonly dnsPort: number;
  /** Another configuration with these rules. */
  readonly config: (rules: unknown) => TConfig;
  readonly curl: (path: string, ...args: string[]) => Promise<string>;
  readonly dig: (...args: string[]) => Promise<string>;
}

/** A backend that says its name and the headers that reached it. */
async function backend(t: TestContext, name: string): Promise<number> {
  const server = createServer((request, response) => {
    response.setHeader('X-Backend', name);
    request.resume().on('end', () => response.end(`${name} ${JSON.stringify(request.headers)}\n`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** @param rules given the port of a second backend */
export async function startWorld(t: TestContext, rules: (other: number) => unknown): Promise<IWorld> {
  const [first, second] = [await backend(t, 'first'), await backend(t, 'second')];
  const [apiPort, webPort, dnsPort] = await freePorts(3);
  const target = (port: number) => ({ type: 'forward', targets: [{ host: '127.0.0.1', port }] });
  const config = (section: unknown): TConfig =>
    validateConfig(
      parseConfigDocument(
        'router.yaml',
        JSON.stringify({
          api: { port: apiPort },
          logging: { level: 'silent' },
          proxy: {
            address: '127.0.0.1',
            drainTimeoutMs: 0,
            routes: [
              { name: 'web', match: { ports: webPort, domains: 'a.test' }, action: target(first) },
              { name: 'other', match: { ports: webPort, domains: 'b.test' }, action: target(second) },
            ],
          },
          dns: {
            address: '127.0.0.1',
            port: dnsPort,
            zones: {
              'a.test': {
                records: [
                  { name: '@', type: 'NS', data: 'ns1.a.test' },
                  { name: 'www', type: 'A', data: '192.0.2.80' },
                ],
              },
            },
          },
          rules: section,
        }),
        {},
      ),
    );
  const router = new DcRouter(config(rules(second)));
  await router.start();
  const proxyLedger = new ProxyLedger(router.proxy!);
  const dnsLedger = new DnsLedger(router.dns!);
  t.after(async () => {
    await proxyLedger.assertSettled();
    dnsLedger.assertLaws();
    await router.stop();
  });
  return {
    router,
    webPort: webPort!,
    dnsPort: dnsPort!,
    config,
    curl: async (path, ...args) => {
      const resolve = ['a', 'b', 'c'].flatMap((name) => ['--resolve', `${name}.test:${webPort}:127.0.0.1`]);
      const url = path.startsWith('/') ? `http://a.test:${webPort}${path}` : path.replace('PORT', String(webPort));
      const { stdout } = await run('curl', ['-sS', '-i', '--max-time', '20', ...resolve, ...args, url]);
      return stdout;
    },
    dig: async (...args) => {
      const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(dnsPort), '+tries=1', '+time=1', ...args]).catch(
        (error: { stdout: string }) => error,
      );
      return stdout;
    },
  };
}
