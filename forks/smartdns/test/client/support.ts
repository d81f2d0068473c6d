// What the client's test files share: servers and resolvers that are closed at the end, certificates, error codes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { DnsError, Resolver } from '#client';
import type { IResolverOptions } from '#client';
import { FakeServer } from './fakeserver.ts';
import type { IFakeOptions } from './fakeserver.ts';

const closing: Array<() => unknown> = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

/** Runs something after the last test of the file. */
export function atEnd(close: () => unknown): void {
  closing.push(close);
}

export async function serve(options: IFakeOptions): Promise<FakeServer> {
  const server = await FakeServer.start(options);
  atEnd(() => server.close());
  return server;
}

export function resolverFor(server: FakeServer, options: IResolverOptions = {}): Resolver {
  return resolverWith({ upstreams: [server.address], ...options });
}

export function resolverWith(options: IResolverOptions): Resolver {
  const resolver = new Resolver(options);
  atEnd(() => resolver.destroy());
  return resolver;
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<DnsError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof DnsError, String(error));
    return error;
  }
  return assert.fail('it should have rejected');
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await failureOf(promise)).code;
}

const request =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=resolver.test ' +
  '-addext subjectAltName=DNS:resolver.test,IP:127.0.0.1';

/** A self-signed certificate for `resolver.test` and 127.0.0.1. */
export function testCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'smartdns-client-'));
  try {
    const key = join(folder, 'key.pem');
    const cert = join(folder, 'cert.pem');
    execFileSync('openssl', `${request} -keyout ${key} -out ${cert}`.split(' '), { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
