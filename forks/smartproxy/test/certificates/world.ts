// A proxy with a store, a CA that checks it, and clients that look at what is served.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';

import { selfSignedCertificate } from '@dcrouter/acme';
import type { IAcmeOptions, IRouteConfig } from '@dcrouter/smartproxy';
import { SmartProxy } from '@dcrouter/smartproxy';

import type { IDnsResponder } from '../../../../acme/test/support/dns-responder.ts';
import { startDnsResponder } from '../../../../acme/test/support/dns-responder.ts';
import type { IPebble } from '../../../../acme/test/support/pebble.ts';
import { startPebble } from '../../../../acme/test/support/pebble.ts';
import { freePorts } from '../../../../acme/test/support/tools.ts';

/** Made before the CA starts, so that a proxy can trust one that is still down. */
const serverCertificate = selfSignedCertificate(['localhost', '127.0.0.1']);

export interface ISetup {
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly backendPort: number;
  readonly dns: IDnsResponder;
  readonly startCa: () => Promise<IPebble>;
  /** A proxy with these routes; its store outlives it. */
  readonly create: (routes: IRouteConfig[], acme?: IAcmeOptions, workers?: number) => SmartProxy;
}

export async function setup(t: TestContext): Promise<ISetup> {
  const [httpPort = 0, tlsPort = 0, acmePort = 0, managementPort = 0] = await freePorts(4);
  const certificateStore = await mkdtemp(join(tmpdir(), 'certs-'));
  const dns = await startDnsResponder();
  const backend = createServer((incoming, response) => response.end(`backend ${incoming.url}`));
  await once(backend.listen(0, '127.0.0.1'), 'listening');
  const proxies: SmartProxy[] = [];
  t.after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop({ drainTimeout: 0 })));
    backend.closeAllConnections();
    backend.close();
    await dns.close();
    await rm(certificateStore, { recursive: true, force: true });
  });
  return {
    httpPort,
    tlsPort,
    backendPort: (backend.address() as AddressInfo).port,
    dns,
    async startCa() {
      const ca = await startPebble({
        httpPort,
        tlsPort,
        dnsServer: `127.0.0.1:${dns.port}`,
        ports: [acmePort, managementPort],
        serverCertificate,
        nonceRejectPercent: 20,
      });
      t.after(() => ca.stop());
      return ca;
    },
    create(routes, acme, workers) {
      const proxy = new SmartProxy({
        routes,
        workers,
        listenAddress: '127.0.0.1',
        acme: {
          directoryUrl: `https://127.0.0.1:${acmePort}/dir`,
          directoryCa: serverCertificate.cert,
          email: 'admin@example.test',
          port: httpPort,
          certificateStore,
          ...acme,
        },
      });
      proxies.push(proxy);
      return proxy;
    },
  };
}

export function secureRoute(
  item: ISetup,
  domains: string | string[],
  challenge?: 'http-01' | 'tls-alpn-01' | 'dns-01',
): IRouteConfig {
  return {
    name: 'secure',
    match: { ports: item.tlsPort, domains },
    action: {
      type: 'forward',
      targets: [{ host: '127.0.0.1', port: item.backendPort }],
      tls: { mode: 'terminate', certificate: 'auto', ...(challenge === undefined ? {} : { acme: { challenge } }) },
    },
  };
}

export async function handshake(port: number, servername: string, ca?: string): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, servername, ca, rejectUnauthorized: ca !== undefined });
  await once(socket, 'secureConnect');
  return socket;
}

export async function servedNames(port: number, servername: string): Promise<string> {
  const socket = await handshake(port, servername);
  const { subjectaltname, issuer } = socket.getPeerCertificate();
  socket.destroy();
  return `${subjectaltname} by ${String(issuer.CN).replace(/ [0-9a-f]+$/, '')}`;
}

export async function get(
  url: string,
  options: { ca?: string; servername?: string; host?: string } = {},
): Promise<[number, string]> {
  const { ca, servername, host } = options;
  const headers = { host: host ?? servername ?? 'localhost' };
  const outgoing = url.startsWith('https:')
    ? secureRequest(url, { ca, servername, headers, agent: false })
    : request(url, { headers, agent: false });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return [response.statusCode, body];
}

export function isClosed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(false));
    socket.on('error', () => resolve(true)).on('connect', () => socket.destroy());
  });
}

export function nextEvent(
  proxy: SmartProxy,
  name: 'certificate-issued' | 'certificate-renewed' | 'certificate-failed',
) {
  return new Promise<{ domain: string; error?: string }>((resolve) => proxy.once(name, resolve));
}
