import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';

import { acmeTlsProtocol, selfSignedCertificate } from '@dcrouter/acme';
import type { ICertificateManagerOptions, TCertificateEventName } from '@dcrouter/smartproxy';
import { CertificateManager } from '@dcrouter/smartproxy';

import { startDnsResponder } from '../../../../acme/test/support/dns-responder.ts';
import type { IPebbleOptions } from '../../../../acme/test/support/pebble.ts';
import { startPebble } from '../../../../acme/test/support/pebble.ts';
import { freePorts, skipWithout } from '../../../../acme/test/support/tools.ts';
import { auto } from './support.ts';

/** Ports that answer challenges from the manager, as the proxy's do. */
async function startEdge(t: TestContext, manager: () => CertificateManager): Promise<{ http: number; tls: number }> {
  const http = createHttpServer((request, response) => {
    const answer = manager().challengeResponse(request.url ?? '');
    response.writeHead(answer === null ? 404 : 200).end(answer);
  });
  const tls = createTlsServer({
    ALPNCallback: ({ protocols }) => (protocols.includes(acmeTlsProtocol) ? acmeTlsProtocol : undefined),
    SNICallback: (name, done) => {
      const context = manager().alpnContext(name);
      done(context === null ? new Error('no such name') : null, context ?? undefined);
    },
  });
  tls.on('tlsClientError', () => undefined);
  tls.on('secureConnection', (socket) => socket.on('error', () => undefined));
  for (const server of [http, tls]) await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    http.closeAllConnections();
    for (const server of [http, tls]) server.close();
  });
  return { http: (http.address() as AddressInfo).port, tls: (tls.address() as AddressInfo).port };
}

interface ISetup {
  readonly manager: CertificateManager;
  readonly dns: Awaited<ReturnType<typeof startDnsResponder>>;
  readonly events: string[];
  readonly next: (name: TCertificateEventName) => Promise<void>;
  readonly startCa: () => ReturnType<typeof startPebble>;
}

async function setup(
  t: TestContext,
  options: Partial<ICertificateManagerOptions> = {},
  caOptions: IPebbleOptions = {},
): Promise<ISetup> {
  const certDir = await mkdtemp(join(tmpdir(), 'certs-'));
  const dns = await startDnsResponder();
  const edge = await startEdge(t, () => manager);
  const [acmePort = 0, managementPort = 0] = await freePorts(2);
  const events: string[] = [];
  const waiting: { name: string; resolve: () => void }[] = [];
  const startCa: ISetup['startCa'] = async () => {
    const ca = await startPebble({
      httpPort: edge.http,
      tlsPort: edge.tls,
      dnsServer: `127.0.0.1:${dns.port}`,
      ports: [acmePort, managementPort],
      ...caOptions,
    });
    t.after(() => ca.stop());
    return ca;
  };
  const manager = new CertificateManager({
    certDir,
    directoryUrl: `https://127.0.0.1:${acmePort}/dir`,
    email: 'admin@example.test',
    onEvent: (name) => {
      events.push(name);
      for (const item of waiting.splice(0)) {
        if (item.name === name) item.resolve();
        else waiting.push(item);
      }
    },
    ...options,
  });
  t.after(async () => {
    await manager.stop();
    await dns.close();
    await rm(certDir, { recursive: true, force: true });
  });
  const next: ISetup['next'] = (name) => new Promise((resolve) => waiting.push({ name, resolve }));
  return { manager, dns, events, next, startCa };
}

/** Made before the CA starts, so that a manager can trust one that is still down. */
const serverCertificate = selfSignedCertificate(['localhost', '127.0.0.1']);
const trustedRoots = serverCertificate.cert;

void suite('the certificate manager against pebble', { skip: skipWithout('pebble') }, () => {
  for (const challengeTypes of [['http-01'], ['tls-alpn-01'], ['dns-01']] as const) {
    void test(`${challengeTypes.join()} with half of all nonces rejected: issued, then renewed`, async (t) => {
      const setupItem: ISetup = await setup(
        t,
        {
          challengeTypes,
          trustedRoots,
          dnsChallenge: {
            set: async (name, value) => void setupItem.dns.txt.set(name, new Set([value])),
            remove: async (name) => void setupItem.dns.txt.delete(name),
          },
        },
        { nonceRejectPercent: 50, serverCertificate },
      );
      const { manager, events, startCa } = setupItem;
      await startCa();
      await manager.load([auto('web', 'web.example.test', 'www.example.test')]);
      manager.begin();
      await manager.provisionCertificate('web');
      const first = manager.material('web');
      assert.deepEqual([...(first?.info.names ?? [])].sort(), ['web.example.test', 'www.example.test']);
      await manager.renewCertificate('web');
      assert.notEqual(manager.material('web')?.cert, first?.cert);
      assert.deepEqual(events, ['certificate-issued', 'certificate-renewed']);
      assert.equal(manager.challenges.size, 0);
    });
  }

  void test('a CA that is down at the start is used when it comes up', async (t) => {
    const { manager, next, startCa } = await setup(t, { trustedRoots }, { serverCertificate });
    await manager.load([auto('web', 'late.example.test')]);
    const failed = next('certificate-failed');
    manager.begin();
    await failed;
    assert.equal(manager.material('web')?.source, 'placeholder');
    await startCa();
    await manager.provisionCertificate('web');
    assert.equal(manager.material('web')?.source, 'acme');
  });

  void test('a CA that is restarted without its memory is used again', async (t) => {
    const { manager, startCa } = await setup(t, { trustedRoots }, { serverCertificate });
    const ca = await startCa();
    await manager.load([auto('web', 'again.example.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    await ca.stop();
    await startCa();
    await manager.renewCertificate('web');
    assert.equal(manager.getCertificateStatus('web')?.status, 'valid');
  });
});
