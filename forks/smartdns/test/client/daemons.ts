// Independent DNS servers for the client's tests, where they are installed: NSD and Knot answer a zone, Unbound recurses.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resolver } from '#client';

export const peerZone = `$ORIGIN peer.test.
$TTL 3600
@ IN SOA ns hostmaster 2024010101 7200 900 1209600 120
@ IN NS ns
ns IN A 127.0.0.1
www 77 IN A 192.0.2.1
www IN A 192.0.2.2
www IN AAAA 2001:db8::1
@ IN MX 10 mail
mail IN A 192.0.2.25
alias IN CNAME www
deep IN CNAME alias
away IN CNAME www.elsewhere.example.
_sip._tcp IN SRV 10 60 5060 www
_sip._tcp IN SRV 20 0 5061 mail
long IN TXT ( ${Array.from({ length: 30 }, (_, at) => `"part ${at} ${'x'.repeat(200)}"`).join(' ')} )
@ IN CAA 0 issue "letsencrypt.org"
_443._tcp.www IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
svc IN HTTPS 1 . alpn=h2 port=8443
tree IN DNAME www
*.wild IN A 192.0.2.9
`;

export type TDaemonName = 'nsd' | 'knotd' | 'unbound';

export interface IDaemon {
  readonly address: string;
  stop(): Promise<void>;
}

function programPath(name: TDaemonName): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Why a test on this daemon has to be skipped; false when it can run. */
export function missing(name: TDaemonName): string | false {
  return programPath(name) === undefined ? `${name} is not installed` : false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function nsdConfig(folder: string, port: number): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: peer.test
  zonefile: peer.zone
`;
}

function knotConfig(folder: string, port: number): string {
  return `server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
control:
  listen: "${folder}/knot.sock"
zone:
  - domain: peer.test
    storage: "${folder}"
    file: peer.zone
`;
}

function unboundConfig(folder: string, port: number, stub: string | undefined): string {
  const stubZone = stub === undefined ? '' : `stub-zone:\n  name: peer.test\n  stub-addr: ${stub.replace(':', '@')}\n`;
  return `server:
  interface: 127.0.0.1
  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  do-ip6: no
  do-not-query-localhost: no
  num-threads: 1
  module-config: "iterator"
  local-zone: test. nodefault
  access-control: 127.0.0.0/8 allow
remote-control:
  control-enable: no
${stubZone}`;
}

function commandLine(name: TDaemonName, folder: string): string[] {
  const config = join(folder, 'daemon.conf');
  if (name === 'nsd') return ['-d', '-c', config];
  if (name === 'knotd') return ['-c', config];
  return ['-d', '-p', '-c', config];
}

/** Starts a daemon on loopback and waits until it answers. `stub`: the server that Unbound asks for `peer.test`. */
export async function startDaemon(name: TDaemonName, stub?: string): Promise<IDaemon> {
  const folder = mkdtempSync(join(tmpdir(), `smartdns-${name}-`));
  const port = await freePort();
  writeFileSync(join(folder, 'peer.zone'), peerZone);
  const configs = { nsd: nsdConfig, knotd: knotConfig, unbound: unboundConfig };
  writeFileSync(join(folder, 'daemon.conf'), configs[name](folder, port, stub));
  const child = spawn(programPath(name)!, commandLine(name, folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += String(chunk)));
  const stop = async (): Promise<void> => {
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const address = `127.0.0.1:${port}`;
  const probe = new Resolver({ upstreams: [address], cache: false, attemptsMax: 1, timeoutMs: 200 });
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await probe.resolve('peer.test', 'SOA');
        return { address, stop };
      } catch (error) {
        if (attempt < 150 && child.exitCode === null) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          continue;
        }
        await stop();
        throw new Error(`${name} does not answer: ${log.slice(-2_000)}`, { cause: error });
      }
    }
  } finally {
    probe.destroy();
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
