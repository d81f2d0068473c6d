import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Resolver } from '@dcrouter/smartdns/client';
import { DnsServer } from '@dcrouter/smartdns/server';
import { isRecordType } from '@dcrouter/smartdns/wire';
import { createDnsServer } from '../../ts/dns/create.ts';
import { dnsOptions } from '../../ts/dns/options.ts';
import { ZoneSigning } from '../../ts/dns/signing.ts';
import { zonesOf } from '../../ts/dns/zones.ts';
import { complaint, read } from './documents.ts';

test('every setting of the section reaches the DNS server under its own name', async () => {
  const config = read(`
dns:
  address: 127.0.0.1
  port: 5301
  udpAddress: 127.0.0.2
  udpBatch: true
  tcp: { port: 5302, address: 127.0.0.3 }
  tls: { port: 5303 }
  https: { port: 5304, path: /q, certificate: self-signed }
  secureAddress: 127.0.0.4
  reusePort: true
  forward:
    upstreams: [9.9.9.9, { protocol: tls, host: 1.1.1.1, servername: one.test }]
    zones: { corp.test: [10.0.0.53] }
    allowFrom: [127.0.0.0/8]
    cache: { entriesMax: 5 }
  rateLimit: { responsesPerSecond: 6, slip: 0 }
  queryLimit: { queriesPerSecond: 7, burst: 8 }
  cookies: { secrets: [000102030405060708090a0b0c0d0e0f], enforce: true }
  limits: { tcpConnectionsMax: 9, tcpConnectionsPerClientMax: 10, tcpIdleTimeoutMs: 11, handlerTimeoutMs: 12 }
  identity: { serverId: ns-a, version: '1' }
  localhost: false
  authority: { zones: [h.test], primaryNameserver: ns.h.test, serialStart: 13, soa: { minimum: 14 } }
`);
  const { httpsKey, httpsCert, tlsKey, tlsCert, ...options } = await dnsOptions(config.dns!);
  assert.match(httpsKey!, /PRIVATE KEY/);
  assert.deepEqual([tlsKey, tlsCert], [httpsKey, httpsCert]);
  assert.deepEqual(options, {
    bindInterface: '127.0.0.1',
    udpPort: 5301,
    udpBindInterface: '127.0.0.2',
    udpBatch: true,
    tcpPort: 5302,
    tcpBindInterface: '127.0.0.3',
    tlsPort: 5303,
    httpsPort: 5304,
    httpsPath: '/q',
    httpsBindInterface: '127.0.0.4',
    reusePort: true,
    forward: {
      upstreams: ['9.9.9.9', { protocol: 'tls', host: '1.1.1.1', servername: 'one.test' }],
      zones: { 'corp.test': ['10.0.0.53'] },
      allowFrom: ['127.0.0.0/8'],
      cache: { entriesMax: 5 },
    },
    rateLimit: { responsesPerSecond: 6, slip: 0 },
    queryLimit: { queriesPerSecond: 7, burst: 8 },
    cookies: { secrets: [Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')], enforce: true },
    tcpConnectionsMax: 9,
    tcpConnectionsPerClientMax: 10,
    tcpIdleTimeoutMs: 11,
    handlerTimeoutMs: 12,
    serverId: 'ns-a',
    version: '1',
    enableLocalhostHandling: false,
    authoritativeZones: ['h.test'],
    primaryNameserver: 'ns.h.test',
    serialStart: 13,
    soa: { minimum: 14 },
  });
  new DnsServer(options);
});

test('what is not said is left to the DNS server', async () => {
  assert.deepEqual(await dnsOptions(read('dns: {}').dns!), { bindInterface: '0.0.0.0', udpPort: 53 });
});

test('settings that contradict each other are refused before the start', () => {
  assert.match(complaint('dns: { tls: {} }'), /dns\.tls\.certificate: is missing; .*no dns\.https/);
  assert.match(
    complaint('dns: { zones: { a.test: { nameservers: [ns.b.test] }, A.test.: { nameservers: [ns.b.test] } } }'),
    /is the same zone as dns\.zones\.a\.test/,
  );
  assert.match(complaint('dns: { forward: { upstreams: [9.9.9.9], allowFrom: [10.0.0.0/33] } }'), /allowFrom\[0\]/);
});

/** A server of the document on a free port of loopback, and a client of it. */
async function served(t: TestContext, text: string) {
  const config = read(text).dns!;
  const dns = await createDnsServer({ ...config, address: '127.0.0.1', port: 0 }, zonesOf(config));
  const signing = new ZoneSigning(dns.zones);
  await signing.follow(config.zones, {});
  await dns.start();
  t.after(() => dns.stop());
  const client = new Resolver({ upstreams: [`127.0.0.1:${dns.addresses.udp!.port}`], cache: false });
  t.after(() => client.destroy());
  return { dns, signing, config, client };
}

const RECORDS: ReadonlyArray<readonly [type: string, data: unknown]> = [
  ['A', '192.0.2.1'],
  ['AAAA', '2001:db8::1'],
  ['MX', '10 mail'],
  ['MX', { preference: 20, exchange: 'mail2.example.test' }],
  ['TXT', 'v=spf1 mx -all'],
  ['TXT', ['one', 'two']],
  ['SRV', '1 2 5060 sip'],
  ['CAA', '0 issue "ca.test"'],
  ['CAA', { flags: 0, tag: 'iodef', value: 'mailto:a@b.test' }],
  ['HTTPS', '1 . alpn=h2,h3 port=8443'],
  ['SVCB', { priority: 1, target: 'svc.example.test', params: { alpn: ['h2'] } }],
  ['TLSA', `3 1 1 ${'ab'.repeat(32)}`],
  ['SSHFP', `4 2 ${'cd'.repeat(32)}`],
  ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:a@b.test!" .'],
  ['URI', '10 1 "https://a.test/"'],
  ['LOC', '52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m'],
  ['APL', '1:192.0.2.0/24 !2:2001:db8::/32'],
  ['DS', `12345 13 2 ${'ef'.repeat(32)}`],
  ['HINFO', '"x" "y"'],
  ['TYPE65280', '\\# 2 abcd'],
];

test('records of every kind are answered, as text or as fields', async (t) => {
  const records = [
    { name: '@', type: 'NS', data: 'ns.example.org' },
    ...RECORDS.map(([type, data]) => ({ name: type === 'DS' ? 'sub' : `x-${type.toLowerCase()}`, type, data })),
    { name: 'sub', type: 'NS', data: 'ns.example.org' },
    { name: 'absolute.example.test.', type: 'A', data: '192.0.2.9' },
  ];
  const text = JSON.stringify({ dns: { zones: { 'example.test': { ttl: 77, records } } } });
  const { client } = await served(t, text);
  for (const type of new Set(RECORDS.map(([name]) => name))) {
    const name = type === 'DS' ? 'sub.example.test' : `x-${type.toLowerCase()}.example.test`;
    const { answers } = await client.resolve(name, type);
    assert.equal(answers.length, RECORDS.filter(([each]) => each === type).length, type);
    assert.equal(answers[0]!.ttl, 77);
  }
  const { answers } = await client.resolve('x-mx.example.test', 'MX');
  assert.deepEqual(
    answers.map(({ data }) => data).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    [
      { preference: 10, exchange: 'mail.example.test' },
      { preference: 20, exchange: 'mail2.example.test' },
    ],
  );
  assert.equal((await client.resolve('absolute.example.test', 'A')).answers.length, 1);
});

test('a zone is signed, signed anew and unsigned while it is served', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  const document = (dnssec: string): string =>
    `dns: { zones: { example.test: { nameservers: [ns.example.org], records: [{ name: www, type: A, data: 192.0.2.1 }]${dnssec} } } }`;
  const plain = document('');
  const signed = document(`, dnssec: { keyFolder: ${folder}, algorithm: ED25519, denial: nsec }`);
  const { dns, signing, client } = await served(t, signed);
  const types = async (): Promise<string[]> => {
    const { answers } = await client.resolve('www.example.test', 'A', { dnssec: true });
    return answers.map(({ type }) => type);
  };
  const zonesIn = (source: string) => read(source).dns!.zones;
  assert.deepEqual(await types(), ['A', 'RRSIG']);
  assert.equal((await readdir(folder)).length, 1);
  const [ds] = dns.zones.ds('example.test');
  assert.equal(ds?.algorithm, 15);
  await signing.follow(zonesIn(plain), zonesIn(signed));
  assert.deepEqual(await types(), ['A']);
  await signing.follow(zonesIn(signed), zonesIn(plain));
  assert.deepEqual(await types(), ['A', 'RRSIG']);
  // The keys are those of the folder, so that the parent's DS holds.
  assert.deepEqual(dns.zones.ds('example.test')[0], ds);
  const before = dns.zones.signer('example.test');
  await signing.follow(zonesIn(signed), zonesIn(signed));
  assert.equal(dns.zones.signer('example.test'), before);
  const again = signed.replace('denial: nsec', 'denial: nsec3, nsec3: { salt: ab }');
  await signing.follow(zonesIn(again), zonesIn(signed));
  const missing = await client.resolve('missing.example.test', 'A', { dnssec: true });
  assert.ok(missing.authorities.some(({ type }) => type === 'NSEC3'));
});

test('a master file, records beside it and the answers to both', async (t) => {
  const master = '$TTL 60\n@ SOA ns1 hostmaster 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n';
  const text = JSON.stringify({
    dns: {
      zones: { 'example.test': { text: master, records: [{ name: 'www', type: 'CNAME', data: 'ns1.example.test' }] } },
    },
  });
  const { client } = await served(t, text);
  const { answers } = await client.resolve('www.example.test', 'A');
  assert.deepEqual(
    answers.map(({ type, data }) => `${type} ${data as string}`),
    ['CNAME ns1.example.test', 'A 192.0.2.1'],
  );
  const [soa] = (await client.resolve('example.test', 'SOA')).answers;
  assert.ok(soa !== undefined && isRecordType(soa, 'SOA'));
  assert.equal(soa.data.serial, 7);
});
