import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { DnsServer, TDenial, TSigningAlgorithm } from '#server';
import type { IDnskeyData } from '#wire';
import { askTcp, askUdp } from './ask.ts';
import { record, startServer } from './start.ts';

const run = promisify(execFile);
const hasDrill = spawnSync('drill', ['-v']).error === undefined;
const hasDelv = spawnSync('delv', ['-v']).error === undefined;
const zoneText = `
$TTL 300
@        SOA   ns1 hostmaster 7 3600 600 604800 120
@        NS    ns1
ns1      A     192.0.2.53
www      A     192.0.2.1
*.wild   TXT   "from the wildcard"
alias    CNAME www
a.deep   A     192.0.2.3
`;

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dns-signed-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asks BIND's validator, with the zone's own DS as its only trust anchor. */
async function delv(server: DnsServer, folder: string, origin: string, name: string, type: string): Promise<string> {
  const anchors = join(folder, 'anchors');
  const lines = server.zones.ds(origin).map((ds) => {
    const digest = Buffer.from(ds.digest).toString('hex');
    return `trust-anchors { "${origin}." static-ds ${ds.keyTag} ${ds.algorithm} ${ds.digestType} "${digest}"; };`;
  });
  writeFileSync(anchors, lines.join('\n'));
  const port = String(server.addresses.udp!.port);
  const args = ['@127.0.0.1', '-p', port, '-a', anchors, `+root=${origin}`, name, type];
  const { stdout, stderr } = await run('delv', args).catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}${stderr}`;
}

const algorithms: TSigningAlgorithm[] = ['ECDSAP256SHA256', 'ED25519', 'RSASHA256'];
const denials: TDenial[] = ['compact', 'nsec', 'nsec3'];

for (const algorithm of algorithms) {
  for (const denial of denials) {
    test(
      `delv accepts a zone signed with ${algorithm} and ${denial}`,
      { skip: !hasDelv && 'delv is not installed' },
      async (context) => {
        const folder = folderFor(context);
        const { server } = await startServer(context, { dnssecZone: '' }, (dns) => {
          dns.zones.load(zoneText, { origin: 'zone.test' });
        });
        await server.zones.sign('zone.test', { algorithm, denial });
        const wanted: Array<[string, string, RegExp]> = [
          ['www.zone.test', 'A', /; fully validated[\s\S]*192\.0\.2\.1/],
          ['alias.zone.test', 'A', /; fully validated[\s\S]*192\.0\.2\.1/],
          ['x.wild.zone.test', 'TXT', /; fully validated[\s\S]*from the wildcard/],
          ['zone.test', 'DNSKEY', /; fully validated/],
          ['www.zone.test', 'AAAA', /negative response, fully validated/],
          ['deep.zone.test', 'A', /negative response, fully validated/],
          ['x.wild.zone.test', 'A', /negative response, fully validated/],
          ['nope.zone.test', 'A', /negative response, fully validated/],
        ];
        for (const [name, type, expected] of wanted) {
          assert.match(await delv(server, folder, 'zone.test', name, type), expected, `${name} ${type}`);
        }
      },
    );
  }
}

test(
  'answers of handlers in dnssecZone are signed, and delv accepts them',
  { skip: !hasDelv && 'delv is not installed' },
  async (context) => {
    const folder = folderFor(context);
    const { server } = await startServer(context, {}, (dns) => {
      dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
      dns.registerHandler('*.apps.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.2'));
      dns.registerHandler('alias.example.test', ['CNAME'], (question) =>
        record(question.name, 'CNAME', 'www.example.test'),
      );
    });
    const wanted: Array<[string, string, RegExp]> = [
      ['www.example.test', 'A', /; fully validated[\s\S]*192\.0\.2\.1/],
      ['WwW.example.test', 'A', /; fully validated/],
      ['x.apps.example.test', 'A', /; fully validated[\s\S]*192\.0\.2\.2/],
      ['alias.example.test', 'A', /; fully validated[\s\S]*192\.0\.2\.1/],
      ['example.test', 'SOA', /; fully validated/],
      ['www.example.test', 'TXT', /negative response, fully validated/],
      ['nope.example.test', 'A', /negative response, fully validated/],
      ['apps.example.test', 'A', /negative response, fully validated/],
    ];
    for (let turn = 0; turn < 3; turn++) {
      for (const [name, type, expected] of wanted) {
        assert.match(await delv(server, folder, 'example.test', name, type), expected, `${name} ${type}`);
      }
    }
  },
);

test('signatures come only to clients that ask, with the keys at the apex for everybody', async (context) => {
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const dnssec: boolean[] = [];
  server.on('query-answered', (event) => dnssec.push(event.dnssec));
  for (let turn = 0; turn < 4; turn++) {
    const plain = await askUdp(port, { name: 'www.example.test', edns: 1_232 });
    assert.deepEqual(
      plain.answers.map(({ type }) => type),
      ['A'],
    );
    const signed = await askUdp(port, { name: 'www.example.test', edns: 1_232, dnssecOk: true });
    assert.deepEqual(
      signed.answers.map(({ type }) => type),
      ['A', 'RRSIG'],
    );
  }
  assert.deepEqual(dnssec, [false, true, false, true, false, true, false, true]);
  assert.equal((await askTcp(port, { name: 'example.test', type: 48 })).answers[0]?.type, 'DNSKEY');
  assert.equal(server.zones.signer('example.test')?.getStats().signaturesMade, 1);
  const off = await startServer(context, { dnssec: false });
  assert.equal((await askUdp(off.port, { name: 'example.test', type: 48 })).answers.length, 0);
});

test(
  'a middleware sees and changes records before they are signed',
  { skip: !hasDelv && 'delv is not installed' },
  async (context) => {
    const folder = folderFor(context);
    const seen: string[] = [];
    const { server } = await startServer(context, {}, (dns) => {
      dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
      dns.use((query, next) =>
        next((response) => {
          if (query.type === 'A') {
            seen.push(...response.answers.map(({ type }) => type));
            response.answers[0]!.data = '192.0.2.200';
          }
        }),
      );
    });
    for (let turn = 0; turn < 3; turn++) {
      assert.match(
        await delv(server, folder, 'example.test', 'www.example.test', 'A'),
        /; fully validated[\s\S]*192\.0\.2\.200/,
      );
    }
    assert.ok(seen.length > 0 && seen.every((type) => type === 'A'));
  },
);

test('keys in a folder survive a restart', async (context) => {
  const keyFolder = join(folderFor(context), 'keys');
  const tags: number[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const { server } = await startServer(context, { dnssec: { keyFolder } });
    tags.push(server.zones.ds('example.test')[0]!.keyTag);
  }
  assert.equal(tags[0], tags[1]);
});

for (const denial of denials) {
  test(
    `drill chases the signatures of a zone with ${denial}`,
    { skip: !hasDrill && 'drill is not installed' },
    async (context) => {
      const folder = folderFor(context);
      const { server, port } = await startServer(context, { dnssecZone: '' }, (dns) => {
        dns.zones.load(zoneText, { origin: 'zone.test' });
      });
      const signer = await server.zones.sign('zone.test', { denial });
      const anchor = join(folder, 'anchor');
      const { flags, protocol, algorithm, publicKey } = signer.apexRecords('DNSKEY')[0]!.data as IDnskeyData;
      const key = Buffer.from(publicKey).toString('base64');
      writeFileSync(anchor, `zone.test. 3600 IN DNSKEY ${flags} ${protocol} ${algorithm} ${key}\n`);
      for (const type of ['A', 'NS']) {
        const name = type === 'A' ? 'www.zone.test' : 'zone.test';
        const { stdout } = await run('drill', ['-p', String(port), '-S', '-k', anchor, '@127.0.0.1', name, type]);
        assert.match(stdout, /Chase successful/);
      }
    },
  );
}
