import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { IDnsMessage } from '#wire';
import type { DnsServer } from '#server';
import { askRawUdp, askUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

type TTrust = 'right' | 'wrong';
const has = (command: string): boolean => spawnSync(command, ['-V']).error === undefined;
const zoneText = `
$TTL 300
@        SOA   ns1 hostmaster 7 3600 600 604800 120
@        NS    ns1
ns1      A     192.0.2.53
www      A     192.0.2.1
*.wild   TXT   "from the wildcard"
alias    CNAME www
`;

async function freePort(): Promise<number> {
  for (;;) {
    const stream = createServer().listen(0, '127.0.0.1');
    await once(stream, 'listening');
    const { port } = stream.address() as AddressInfo;
    const socket = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    socket.close();
    stream.close();
    if (isFree) return port;
  }
}

/** Starts a resolver and waits until it answers. */
async function startResolver(context: TestContext, command: string, args: string[], port: number): Promise<void> {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  context.after(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
  for (let attempt = 0; attempt < 50; attempt++) {
    assert.equal(child.exitCode, null, said);
    const reply = await askRawUdp(port, makeQuery({ name: 'version.bind', type: 'TXT', class: 3 }), 200);
    if (reply !== undefined) {
      return;
    }
  }
  assert.fail(`${command} does not answer: ${said}`);
}

/** @param trust `wrong` hands out a DS that matches no key, which a resolver that validates has to notice. */
async function startOurs(
  context: TestContext,
  folder: string,
  trust: TTrust,
): Promise<{ server: DnsServer; port: number; ds: string[] }> {
  const { server, port } = await startServer(context, { dnssecZone: '' }, (dns) => {
    dns.zones.load(zoneText, { origin: 'zone.test' });
    dns.registerHandler('handled.zone.test', ['A'], (question) => record(question.name, 'A', '192.0.2.77'));
  });
  await server.zones.sign('zone.test', { denial: 'nsec', keyFolder: join(folder, 'keys') });
  const [ds] = server.zones.ds('zone.test');
  if (trust === 'wrong') (ds!.digest as Buffer)[0]! ^= 1;
  return {
    server,
    port,
    ds: [String(ds!.keyTag), String(ds!.algorithm), String(ds!.digestType), Buffer.from(ds!.digest).toString('hex')],
  };
}

/** With the right anchor everything is answered and authenticated, with a wrong one nothing is (RFC 4035 §5.5). */
async function assertResolves(port: number, trust: TTrust): Promise<void> {
  const ask = async (name: string, type = 'A'): Promise<IDnsMessage> =>
    await askUdp(port, { name, type, edns: 1_232, dnssecOk: true });
  if (trust === 'wrong') {
    const answer = await ask('www.zone.test');
    assert.deepEqual([answer.rcode, answer.ad, answer.answers.length], [2, false, 0]);
    return;
  }
  for (const [name, type, data] of [
    ['www.zone.test', 'A', '192.0.2.1'],
    ['alias.zone.test', 'A', '192.0.2.1'],
    ['handled.zone.test', 'A', '192.0.2.77'],
    ['x.wild.zone.test', 'TXT', 'from the wildcard'],
  ] as const) {
    const answer = await ask(name, type);
    assert.deepEqual([answer.rcode, answer.ad], [0, true], name);
    assert.ok(
      answer.answers.some((entry) => String(entry.data) === data),
      name,
    );
  }
  const missing = await ask('nope.zone.test');
  assert.deepEqual([missing.rcode, missing.ad], [3, true]);
  const nodata = await ask('www.zone.test', 'AAAA');
  assert.deepEqual([nodata.rcode, nodata.ad, nodata.answers.length], [0, true, 0]);
  assert.equal(decode(await askRawUdp(port, makeQuery({ name: 'www.zone.test' }))).answers.length, 1);
}

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dns-front-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

for (const trust of ['right', 'wrong'] as const) {
  test(
    `unbound resolves and validates through us, with mixed letter case, ${trust} anchor`,
    { skip: !has('unbound') && 'unbound is not installed' },
    async (context) => {
      const folder = folderFor(context);
      const { server, port, ds } = await startOurs(context, folder, trust);
      const resolverPort = await freePort();
      const config = join(folder, 'unbound.conf');
      writeFileSync(
        config,
        `server:
  interface: 127.0.0.1@${resolverPort}
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  directory: "${folder}"
  use-caps-for-id: yes
  do-not-query-localhost: no
  domain-insecure: "test"
  trust-anchor: "zone.test. DS ${ds.join(' ')}"
  local-zone: "test." nodefault
stub-zone:
  name: "zone.test"
  stub-addr: 127.0.0.1@${port}
`,
      );
      await startResolver(context, 'unbound', ['-d', '-c', config], resolverPort);
      await assertResolves(resolverPort, trust);
      assert.ok(server.stats.getTotalQueries() >= (trust === 'right' ? 6 : 1));
    },
  );

  test(
    `BIND forwards to us and validates, ${trust} anchor`,
    { skip: !has('named') && 'named is not installed' },
    async (context) => {
      const folder = folderFor(context);
      const { port, ds } = await startOurs(context, folder, trust);
      const resolverPort = await freePort();
      const config = join(folder, 'named.conf');
      const [tag, algorithm, digestType, digest] = ds;
      writeFileSync(
        config,
        `options {
  directory "${folder}";
  listen-on port ${resolverPort} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  recursion yes;
  dnssec-validation yes;
  empty-zones-enable no;
};
controls { };
trust-anchors { zone.test. static-ds ${tag} ${algorithm} ${digestType} "${digest}"; };
zone "zone.test" { type forward; forward only; forwarders { 127.0.0.1 port ${port}; }; };
`,
      );
      await startResolver(context, 'named', ['-g', '-n', '1', '-c', config], resolverPort);
      await assertResolves(resolverPort, trust);
    },
  );

  test(
    `the Knot resolver forwards to us and validates, ${trust} anchor`,
    { skip: !has('kresd') && 'kresd is not installed' },
    async (context) => {
      const folder = folderFor(context);
      const { port, ds } = await startOurs(context, folder, trust);
      const resolverPort = await freePort();
      const config = join(folder, 'kresd.conf');
      writeFileSync(
        config,
        `net.listen('127.0.0.1', ${resolverPort}, { kind = 'dns' })
modules = { 'policy' }
cache.size = 10 * MB
trust_anchors.add('zone.test. 3600 IN DS ${ds.join(' ')}')
policy.add(policy.suffix(policy.FORWARD({ '127.0.0.1@${port}' }), { todname('zone.test') }))
`,
      );
      await startResolver(context, 'kresd', ['-n', '-q', '-c', config, folder], resolverPort);
      await assertResolves(resolverPort, trust);
    },
  );
}
