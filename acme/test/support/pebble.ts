/**
 * Starts `pebble`, the test CA of the Debian package of the same name, on free loopback ports.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { selfSignedCertificate } from '@dcrouter/acme';
import { findTool, freePorts } from './tools.ts';

export interface IPebbleOptions {
  /** Ports where the CA looks for answers. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** `host:port` of the name server that the CA asks. */
  readonly dnsServer?: string;
  /** Key id → MAC key; when given, accounts without a binding are refused. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Percent of good nonces that are rejected; default 0. */
  readonly nonceRejectPercent?: number;
  /** Percent of valid authorizations that are used again; default 0. */
  readonly authorizationReusePercent?: number;
  readonly alternateRoots?: number;
  /** Where to listen; default two free ports. Lets a test start the CA later. */
  readonly ports?: readonly [number, number];
  /** The CA's own HTTPS certificate; default a new one. */
  readonly serverCertificate?: { readonly cert: string; readonly key: string };
}

export interface IPebble {
  readonly directoryUrl: string;
  /** PEM of the root that the CA's own HTTPS leads to. */
  readonly trustedRoots: string;
  /** PEM of the root that issued certificates lead to. */
  issuingRoot(index?: number): Promise<string>;
  /** State of a certificate at the CA: `Valid` or `Revoked`. */
  certificateStatus(serialNumber: string): Promise<string>;
  /** Everything the CA has logged, for failure messages. */
  log(): string;
  stop(): Promise<void>;
}

function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca, agent: false }, (incoming) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => resolve(body)).on('error', reject);
    });
    outgoing.on('error', reject).end();
  });
}

function environment(options: IPebbleOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PEBBLE_VA_NOSLEEP: '1',
    PEBBLE_WFE_NONCEREJECT: String(options.nonceRejectPercent ?? 0),
    PEBBLE_AUTHZREUSE: String(options.authorizationReusePercent ?? 0),
    PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
  };
}

/** Starts the CA and waits until it answers. */
export async function startPebble(options: IPebbleOptions = {}): Promise<IPebble> {
  const folder = await mkdtemp(join(tmpdir(), 'pebble-'));
  const [acmePort = 0, managementPort = 0] = options.ports ?? (await freePorts(2));
  const server = options.serverCertificate ?? selfSignedCertificate(['localhost', '127.0.0.1']);
  await writeFile(join(folder, 'cert.pem'), server.cert);
  await writeFile(join(folder, 'key.pem'), server.key);
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${acmePort}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: join(folder, 'cert.pem'),
      privateKey: join(folder, 'key.pem'),
      httpPort: options.httpPort ?? 9,
      tlsPort: options.tlsPort ?? 9,
      externalAccountBindingRequired: options.externalAccounts !== undefined,
      externalAccountMACKeys: options.externalAccounts ?? {},
    },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const parameters = ['-strict', '-config', join(folder, 'config.json')];
  if (options.dnsServer !== undefined) parameters.push('-dnsserver', options.dnsServer);
  const child = spawn(findTool('pebble') ?? 'pebble', parameters, { env: environment(options) });
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (log = (log + chunk).slice(-200_000)));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log = (log + chunk).slice(-200_000)));
  const directoryUrl = `https://127.0.0.1:${acmePort}/dir`;
  const management = `https://127.0.0.1:${managementPort}`;
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(directoryUrl, server.cert, child, () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directoryUrl,
    trustedRoots: server.cert,
    issuingRoot: (index = 0) => get(`${management}/roots/${index}`, server.cert),
    async certificateStatus(serialNumber) {
      // Pebble knows serials without leading zeros.
      const path = serialNumber.toLowerCase().replace(/^0+/, '');
      const body = await get(`${management}/cert-status-by-serial/${path}`, server.cert);
      return (JSON.parse(body) as { Status: string }).Status;
    },
    log: () => log,
    stop,
  };
}

async function answers(url: string, ca: string, child: ChildProcess, log: () => string): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`pebble ended with code ${child.exitCode}: ${log()}`);
    try {
      await get(url, ca);
      return;
    } catch (error) {
      last = error;
    }
    await pause(50);
  }
  throw new Error(`pebble does not answer: ${String(last)}\n${log()}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
