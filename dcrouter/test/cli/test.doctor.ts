// doctor finds each fault that is put before it, and says what mends it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { freePorts } from '../../../test/helpers/ports.ts';
import { openFiles } from '../../ts/cli/doctor/descriptors.ts';
import { privilegesIn } from '../../ts/cli/doctor/privileges.ts';
import { RouterProcess } from '../../ts/process/router-process.ts';
import { ADMIN, ADMIN_HASH, startWorld } from '../api/world.ts';
import { call } from './command.ts';

interface IFinding {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly remedy?: string;
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function doctor(args: readonly string[], options: Parameters<typeof call>[1] = {}) {
  const run = await call(['doctor', '--json', ...args], options);
  const { findings } = JSON.parse(run.out) as { findings: readonly IFinding[] };
  /** The one finding whose message matches. */
  const found = (pattern: RegExp): IFinding => {
    const matching = findings.filter(({ message }) => pattern.test(message));
    assert.equal(matching.length, 1, `${pattern} in\n${JSON.stringify(findings, null, 2)}`);
    return matching[0]!;
  };
  return { code: run.code, findings, found };
}

/** A document on free ports, beside what the test adds. */
async function written(folder: string, rest: string): Promise<string> {
  const [port] = await freePorts(1);
  const file = join(folder, 'router.yaml');
  writeFileSync(file, `api: { port: ${port} }\n${rest}`);
  return file;
}

test('a router that is well has no errors; what runs is compared with what is held', async (t) => {
  const { base: url, file } = await startWorld(t);
  const { code, findings, found } = await doctor(['--config', file]);
  assert.deepEqual(
    findings.filter(({ level }) => level === 'error'),
    [],
  );
  assert.equal(code, 0);
  for (const check of [
    'configuration',
    'api',
    'ports',
    'privileges',
    'descriptors',
    'clock',
    'store',
    'certificates',
    'dns',
    'upstreams',
  ])
    assert.ok(
      findings.some((each) => each.check === check),
      check,
    );
  assert.match(found(/^udp .* \(DNS\)/).message, /is held by the running router/);
  assert.match(found(/\(routes\)/).message, /is held by the running router/);
  assert.match(found(/^zone example\.test: answered/).message, /over udp and tcp, serial \d+$/);
  assert.match(found(/takes connections/).message, /^127\.0\.0\.1:\d+ \(shop\)/);
  assert.equal(found(/no token has been made/).remedy, 'dcrouter tokens create me --scope admin');
  assert.match(found(/store\.type is memory/).remedy!, /sqlite/);

  const human = await call(['doctor'], { url });
  assert.equal(human.code, 0);
  assert.match(human.out, /^warning +api +no token has been made.*\n +→ dcrouter tokens create me --scope admin$/m);
  assert.match(human.out, /\n0 errors, \d+ warnings, \d+ not checked\n$/);
});

test('a document that is not valid, and nothing to look at', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'bad.yaml');
  writeFileSync(file, 'api: { port: 99999 }\n');
  const bad = await doctor(['--config', file], { url: 'http://127.0.0.1:1' });
  assert.equal(bad.code, 1);
  assert.match(bad.found(/got 99999/).remedy!, /dcrouter check/);
  const nothing = await doctor([], { url: 'http://127.0.0.1:1' });
  assert.equal(nothing.code, 1);
  assert.equal(nothing.found(/no configuration is known/).level, 'error');
  assert.equal(nothing.found(/no router answers/).level, 'not-checked');
});

test('ports that others hold, addresses that are not ours', async (t) => {
  const folder = folderOf(t);
  const other = createServer().listen(0, '127.0.0.1');
  const datagrams = createSocket('udp4');
  t.after(() => {
    other.close();
    datagrams.close();
  });
  await once(other, 'listening');
  datagrams.bind(0, '127.0.0.1');
  await once(datagrams, 'listening');
  const [tcp, udp] = [(other.address() as AddressInfo).port, datagrams.address().port];
  const file = await written(
    folder,
    `proxy: { address: 127.0.0.1, routes: [{ name: a, match: { ports: ${tcp} }, action: { type: forward, targets: [{ host: 127.0.0.1, port: ${tcp} }] } }] }
dns: { address: 127.0.0.1, port: ${udp}, tcp: { address: 192.0.2.1 } }\n`,
  );
  const { code, found } = await doctor(['--config', file]);
  assert.equal(code, 1);
  assert.match(found(/^tcp 127\.0\.0\.1:\d+ \(routes\)/).message, /in use by another program/);
  assert.match(found(/\(routes\) is in use/).remedy!, new RegExp(`ss -Hlnpt 'sport = :${tcp}'`));
  assert.match(found(/^udp .* in use/).remedy!, /ss -Hlnpu/);
  assert.equal(found(/192\.0\.2\.1.* does not belong to this machine/).level, 'error');
});

/** A self-signed certificate of openssl's for the name. */
function certificate(folder: string, name: string, days: number): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    `${days}`,
  ];
  execFileSync(
    'openssl',
    [...args, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert],
    {
      stdio: 'ignore',
    },
  );
  chmodSync(key, 0o600);
  return { key, cert };
}

test('certificates that end, are for other names or other keys, and keys that everybody reads', async (t) => {
  const folder = folderOf(t);
  const good = certificate(folder, 'good.test', 90);
  const soon = certificate(folder, 'soon.test', 5);
  chmodSync(soon.key, 0o644);
  const [port] = await freePorts(1);
  const route = (name: string, key: string, cert: string): string =>
    `    - { name: ${name}, match: { ports: ${port}, domains: ${name}.test }, action: { type: forward, targets: [{ host: 127.0.0.1, port: ${port} }], tls: { mode: terminate, certificate: { keyFile: ${key}, certFile: ${cert} } } } }\n`;
  const file = await written(
    folder,
    `proxy:\n  address: 127.0.0.1\n  routes:\n${route('good', good.key, good.cert)}${route('soon', soon.key, soon.cert)}` +
      `${route('foreign', good.key, soon.cert)}${route('gone', join(folder, 'none.key'), good.cert)}`,
  );
  const { code, found } = await doctor(['--config', file]);
  assert.equal(code, 1);
  assert.equal(found(/^route 'good': its certificate ends in (?:8\d|90)d/).level, 'ok');
  assert.equal(found(/^route 'soon': its certificate ends in [45]d/).level, 'warning');
  assert.equal(found(/^route 'soon': everybody on this machine may read the key/).remedy, `chmod o-rwx ${soon.key}`);
  assert.equal(found(/^route 'foreign': key and certificate do not belong together/).level, 'error');
  assert.equal(found(/^route 'foreign': its certificate does not hold foreign\.test/).level, 'error');
  assert.match(found(/^route 'gone': cannot read .*none\.key: there is no such file/).remedy!, /ls -l/);
});

test('low ports for users who may not open them', async (t) => {
  const lowest = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  if (process.getuid?.() !== 0 || lowest <= 80) return t.skip('only root can become a user who may not');
  const folder = folderOf(t);
  const code = `import { ports } from '${new URL('../../ts/cli/doctor/ports.ts', import.meta.url).href}';
    process.setuid(65534);
    const config = { api: { address: '127.0.0.1', port: 79 } };
    console.log(JSON.stringify(await ports.run({ config, local: true })));`;
  const args = [
    '--conditions=dcrouter-source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    code,
  ];
  const [finding] = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', cwd: folder })) as IFinding[];
  assert.match(finding!.message, /^tcp 127\.0\.0\.1:79 \(the API\): this user may not listen below port 1024$/);
  assert.match(
    finding!.remedy!,
    /AmbientCapabilities=CAP_NET_BIND_SERVICE; or: sudo setcap cap_net_bind_service=\+ep \S+node/,
  );
});

test('an API that everybody reaches without protection', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'router.yaml');
  const [port] = await freePorts(1);
  writeFileSync(file, `api: { address: 0.0.0.0, port: ${port}, insecure: true, metricsAllow: any }\n`);
  const { found } = await doctor(['--config', file]);
  assert.match(found(/listens on 0\.0\.0\.0 without protection/).remedy!, /api\.tls/);
  assert.equal(found(/everybody may read \/metrics/).level, 'warning');
});

test('a clock that is behind what was written', async (t) => {
  const file = await written(folderOf(t), '');
  const later = new Date(Date.now() + 86_400_000);
  utimesSync(file, later, later);
  const { code, found } = await doctor(['--config', file]);
  assert.equal(code, 1);
  assert.match(found(/the clock is behind/).remedy!, /^sudo timedatectl set-ntp true/);
});

test('a store whose folder is not there, and one that everybody reads', async (t) => {
  const folder = folderOf(t);
  const missing = await doctor([
    '--config',
    await written(folder, 'store: { type: sqlite, path: none/dcrouter.db }\n'),
  ]);
  assert.equal(missing.code, 1);
  assert.equal(
    missing.found(/none cannot be written: there is no such file/).remedy,
    `mkdir -p ${join(folder, 'none')}`,
  );
  const database = join(folder, 'dcrouter.db');
  writeFileSync(database, '');
  chmodSync(database, 0o644);
  const open = await doctor(['--config', await written(folder, 'store: { type: sqlite, path: dcrouter.db }\n')]);
  assert.match(open.found(/everybody on this machine may read .*dcrouter\.db/).remedy!, /^chmod o-rwx/);
  const url = 'postgres://nobody@127.0.0.1:1/none';
  const away = await doctor(['--config', await written(folder, `store: { type: postgres, url: '${url}' }\n`)]);
  assert.match(away.found(/PostgreSQL server does not let us in: .*ECONNREFUSED/).remedy!, /pg_isready/);
});

test('targets where nothing listens, that were taken out, and the token that everybody reads', async (t) => {
  const {
    base: url,
    file,
    backendPort,
  } = await startWorld(t, {
    api: `  tokens:\n    - { name: me, hash: ${ADMIN_HASH}, scopes: [admin] }\n`,
  });
  const env = { DCROUTER_TOKEN: ADMIN };
  const target = `127.0.0.1:${backendPort}`;
  assert.equal((await call(['upstreams', 'drain', target], { url, env })).code, 0);
  const drained = await doctor(['--config', file], { env });
  assert.equal(drained.found(/is in state drain/).remedy, `dcrouter upstreams ready ${target}`);

  const denied = await doctor(['--config', file], {});
  assert.equal(denied.code, 1);
  assert.match(denied.found(/DCR_API_UNAUTHORIZED/).message, /DCROUTER_TOKEN/);

  const tokenFile = join(folderOf(t), 'token');
  writeFileSync(tokenFile, `${ADMIN}\n`, { mode: 0o644 });
  const readable = await doctor(['--config', file, '--token-file', tokenFile]);
  assert.equal(readable.found(/everybody on this machine may read the token/).remedy, `chmod o-rwx ${tokenFile}`);

  const text = readFileSync(file, 'utf8');
  const [closed] = await freePorts(1);
  writeFileSync(file, text.replace(`port: ${backendPort}`, `port: ${closed}`));
  const gone = await doctor(['--config', file], { env });
  assert.equal(gone.code, 1);
  assert.equal(gone.found(new RegExp(`^127\\.0\\.0\\.1:${closed} \\(shop\\): nothing listens there`)).level, 'error');
});

test('zones that our server does not answer, and what the world is told about them', async (t) => {
  const { base: url, file } = await startWorld(t);
  const [port] = await freePorts(1);
  const world = await written(
    folderOf(t),
    `dns:
  address: 127.0.0.1
  port: ${port}
  zones:
    example.test: { nameservers: [ns1.example.test], records: [{ name: ns1, type: A, data: 192.0.2.53 }] }
    other.test: { nameservers: [ns.elsewhere.test], records: [] }
`,
  );
  const resolver = await RouterProcess.start(world, { logger: pino({ level: 'silent' }) });
  t.after(async () => await resolver.stop());
  const address = `127.0.0.1:${port}`;

  const known = await doctor(['--config', file, '--resolver', address]);
  assert.equal(known.found(/name server ns1\.example\.test is 192\.0\.2\.53/).level, 'ok');

  // In the document, and not in what runs.
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(
      '  zones:\n',
      '  zones:\n    other.test: { nameservers: [ns1.other.test], records: [] }\n    lost.test: { nameservers: [ns1.other.test], records: [] }\n',
    ),
  );
  const { code, found } = await doctor(['--config', file, '--resolver', address], { url });
  assert.equal(code, 1);
  for (const protocol of ['udp', 'tcp'])
    assert.match(
      found(new RegExp(`^zone other\\.test: our server does not answer over ${protocol}`)).remedy!,
      /^try: dig @127\.0\.0\.1 -p \d+/,
    );
  assert.match(
    found(/^zone other\.test: the world is told ns\.elsewhere\.test; ours are ns1\.other\.test/).remedy!,
    /registrar/,
  );
  assert.equal(found(/^zone lost\.test: the resolver does not answer: /).level, 'not-checked');
  assert.equal(found(/name server ns1\.other\.test of other\.test has no address/).level, 'warning');
});

test('what Linux says about limits and privileges', () => {
  assert.equal(openFiles('Max open files            1024                 4096                 files     \n'), 1_024);
  assert.equal(openFiles('Max open files            unlimited            unlimited            files     \n'), Infinity);
  assert.equal(openFiles(undefined), undefined);
  const service = 'Name:\tnode\nUid:\t990\t990\t990\t990\nCapEff:\t0000000000000400\n';
  assert.deepEqual(privilegesIn(service), { uid: 990, capabilities: 0x400n });
});
