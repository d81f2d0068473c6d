// A router from a document that uses every section, in a folder of its own, with what it needs behind it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { freePorts } from '../../../test/helpers/ports.ts';
import { RouterProcess } from '../../ts/process/router-process.ts';
import { asker, type TAsk } from './world.ts';

export interface IEverything {
  readonly running: RouterProcess;
  readonly ask: TAsk;
  readonly folder: string;
  readonly file: string;
  /** The document as it was written. */
  readonly text: string;
  readonly http: number;
  readonly https: number;
  readonly dns: number;
  readonly api: number;
  stop(): Promise<void>;
}

function documentOf(ports: readonly number[], backend: number): string {
  const [api, http, https, dns] = ports;
  return `api:
  address: 127.0.0.1
  port: ${api}
  rateLimit: { perMinute: 100000 }
node: { name: everything }
control: { confirmDefaultMs: 0 }
store: { type: sqlite, path: ./state.db }
logging:
  level: info
  file: ./router.log
  access: { format: combined, file: ./access.log }
telemetry:
  requestId: { header: X-Request-Id, accept: true }
  history: { routes: 10 }
process: { drainDelayMs: 0 }
resolve: { servers: ['127.0.0.1:${dns}'], family: ipv4-only }
health:
  checks:
    - { name: backend, type: http, target: '127.0.0.1:${backend}', path: /health, intervalMs: 60000 }
rules:
  lists: { office: [192.0.2.0/24] }
  rules:
    - { name: admin, when: http.path under "/admin" and not client.ip in @office, action: { type: deny, status: 451 } }
    - { name: hidden, when: dns.qname == "hidden.example.test", action: { type: deny, answer: NXDOMAIN } }
upstreams:
  '127.0.0.1:${backend}': { weight: 2 }
proxy:
  address: 127.0.0.1
  drainTimeoutMs: 2000
  routes:
    - name: plain
      match: { ports: ${http}, domains: [app.example.test, '*.apps.example.test'] }
      action: { type: forward, targets: [{ host: 127.0.0.1, port: ${backend} }] }
    - name: named
      match: { ports: ${http}, domains: named.example.test }
      action: { type: forward, targets: [{ host: backend.example.test, port: ${backend} }] }
    - name: secure
      match: { ports: ${https}, domains: app.example.test }
      action:
        type: forward
        targets: [{ host: 127.0.0.1, port: ${backend} }]
        tls: { mode: terminate, certificate: self-signed }
dns:
  address: 127.0.0.1
  port: ${dns}
  autoRecords: { addresses: [127.0.0.1], ttl: 60 }
  zones:
    example.test:
      nameservers: [ns1.example.test]
      records:
        - { name: ns1, type: A, data: 127.0.0.1 }
        - { name: backend, type: A, ttl: 30, data: 127.0.0.1 }
        - { name: www, type: A, ttl: 30, data: 127.0.0.1, health: backend }
    signed.test:
      nameservers: [ns1.signed.test]
      dnssec: { keyFolder: ./keys }
      records:
        - { name: ns1, type: A, data: 127.0.0.1 }
`;
}

export async function startEverything(t: TestContext): Promise<IEverything> {
  const backend = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const ports = await freePorts(4);
  const [api, http, https, dns] = ports as [number, number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-everything-'));
  const file = join(folder, 'router.yaml');
  const text = documentOf(ports, (backend.address() as AddressInfo).port);
  writeFileSync(file, text);
  const running = await RouterProcess.start(file, { logger: pino({ level: 'silent' }) });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= running.stop());
  t.after(async () => {
    await stop();
    backend.closeAllConnections();
    backend.close();
    rmSync(folder, { recursive: true });
  });
  return { running, ask: asker(`http://127.0.0.1:${api}`), folder, file, text, http, https, dns, api, stop };
}
