/**
 * One server with a zone for every algorithm and every kind of denial, and what its judges need to trust it.
 *
 * @module
 */
import { DnsServer } from '@dcrouter/smartdns/server';
import { formatRecordData } from '@dcrouter/smartdns/wire';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const algorithms = ['ECDSAP256SHA256', 'ED25519', 'RSASHA256'] as const;
export const denials = ['nsec', 'nsec3', 'compact'] as const;

export const zoneText = `$TTL 600
@ SOA ns1 host 1 1h 15m 1w 5m
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.1
@ A 192.0.2.1
www A 192.0.2.2
www A 192.0.2.3
alias CNAME www
*.wild A 192.0.2.4
a.b.ent A 192.0.2.5
insecure NS ns.insecure
ns.insecure A 127.0.0.1
`;

/** Positive, alias, wildcard, empty non-terminal, NODATA, NXDOMAIN, NODATA under a wildcard, unsigned delegation. */
export const questions: ReadonlyArray<readonly [prefix: string, type: string]> = [
  ['@', 'SOA'],
  ['@', 'DNSKEY'],
  ['www', 'A'],
  ['alias', 'A'],
  ['x.wild', 'A'],
  ['b.ent', 'A'],
  ['www', 'AAAA'],
  ['nope', 'A'],
  ['x.wild', 'MX'],
  ['insecure', 'DS'],
  ['handled', 'TXT'],
];

export interface IJudged {
  readonly server: DnsServer;
  readonly port: number;
  readonly folder: string;
  /** Origins of the zones, each with its algorithm and denial. */
  readonly origins: readonly string[];
  /** Trust anchors of all zones, as delv reads them. */
  readonly anchors: string;
  /** File with the trusted keys of a zone, as drill and dnsviz read them. */
  keyFile(origin: string): string;
  stop(): Promise<void>;
}

export function nameOf(prefix: string, origin: string): string {
  return prefix === '@' ? origin : `${prefix}.${origin}`;
}

/** Starts the server on a free loopback port. */
export async function startJudged(): Promise<IJudged> {
  const folder = mkdtempSync(join(tmpdir(), 'dns-judges-'));
  const server = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', dnssecZone: '' });
  const anchors = join(folder, 'anchors.conf');
  const keyFile = (origin: string): string => join(folder, `${origin}.key`);
  const origins: string[] = [];
  let trusted = 'trust-anchors {\n';
  for (const algorithm of algorithms) {
    for (const denial of denials) {
      const origin = `${algorithm}-${denial}.test`.toLowerCase();
      origins.push(origin);
      server.zones.load(zoneText, { origin });
      server.registerHandler(nameOf('handled', origin), ['TXT'], ({ name }) => {
        return { name, type: 'TXT', class: 'IN', ttl: 60, data: ['from a handler'] };
      });
      const signer = await server.zones.sign(origin, { algorithm, denial });
      const key = signer.keys.keySigners[0]!.dnskey();
      const publicKey = Buffer.from(key.publicKey).toString('base64');
      trusted += `"${origin}." static-key ${key.flags} 3 ${key.algorithm} "${publicKey}";\n`;
      writeFileSync(keyFile(origin), `${origin}. IN DNSKEY ${formatRecordData('DNSKEY', key)}\n`);
    }
  }
  writeFileSync(anchors, `${trusted}};\n`);
  await server.start();
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true });
  };
  return { server, port: server.addresses.udp!.port, folder, origins, anchors, keyFile, stop };
}

/** Runs a judge to its end; all that it printed, whatever its exit code. */
export function verdict(command: string, args: readonly string[], timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

/** Runs jobs, three at a time: each is a process. */
export async function each<T>(jobs: readonly T[], act: (job: T) => Promise<void>): Promise<void> {
  const queue = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await act(job);
  };
  await Promise.all([work(), work(), work()]);
}
