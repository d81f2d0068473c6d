// A whole router on free ports, started from a document, with its API asked over real HTTP.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { freePorts } from '../../../test/helpers/ports.ts';
import { hashToken } from '../../ts/api/auth/token.ts';
import { RouterProcess } from '../../ts/process/router-process.ts';

export interface IAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface IAskOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the API; paths that do not begin with a slash are below its base. */
export type TAsk = <T = Record<string, unknown>>(
  method: string,
  path: string,
  options?: IAskOptions,
) => Promise<IAnswer<T>>;

export interface IWorld {
  readonly process: RouterProcess;
  readonly base: string;
  readonly proxyPort: number;
  readonly backendPort: number;
  readonly file: string;
  readonly ask: TAsk;
}

export interface IWorldOptions {
  /** Lines of the `api` section beside address and port. */
  readonly api?: string;
  /** Further sections. */
  readonly more?: string;
}

/** A token that a document names by its hash. */
export const ADMIN = `dcr_${'A'.repeat(43)}`;
export const ADMIN_HASH = hashToken(ADMIN);

export async function startWorld(t: TestContext, { api = '', more = '' }: IWorldOptions = {}): Promise<IWorld> {
  const backend = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const backendPort = (backend.address() as AddressInfo).port;
  const [apiPort, proxyPort, dnsPort] = (await freePorts(3)) as [number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-api-'));
  const file = join(folder, 'router.yaml');
  writeFileSync(
    file,
    `api:
  address: 127.0.0.1
  port: ${apiPort}
${api}
proxy:
  address: 127.0.0.1
  routes:
    - name: shop
      match: { ports: ${proxyPort}, domains: shop.example.test }
      action: { type: forward, targets: [{ host: 127.0.0.1, port: ${backendPort} }] }
dns:
  address: 127.0.0.1
  port: ${dnsPort}
  zones:
    example.test:
      nameservers: [ns1.example.test]
      records:
        - { name: ns1, type: A, data: 127.0.0.1 }
        - { name: shop, type: A, data: 127.0.0.1 }
${more}`,
  );
  const process = await RouterProcess.start(file, { logger: pino({ level: 'silent' }) });
  t.after(async () => {
    await process.stop();
    backend.closeAllConnections();
    backend.close();
    rmSync(folder, { recursive: true });
  });
  const base = `http://127.0.0.1:${apiPort}`;
  return { process, base, proxyPort, backendPort, file, ask: asker(base) };
}

export function asker(base: string): TAsk {
  const ask = async (method: string, path: string, { token, body, headers = {} }: IAskOptions = {}) => {
    const response = await fetch(base + (path.startsWith('/') ? path : `/api/v1/${path}`), {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(method !== 'GET' && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(method !== 'GET' && method !== 'DELETE' && { body: JSON.stringify(body ?? {}) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as unknown };
  };
  return ask as TAsk;
}
