import assert from 'node:assert/strict';
import dns from 'node:dns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Resolver, RustDnsClientBridge, Smartdns, makeNodeProcessUseDnsProvider } from '#client';
import type { ISmartDnsConstructorOptions, IUpstreamOptions } from '#client';
import { rcodes } from '#wire';
import { record, soa, zoneAnswer } from './fakeserver.ts';
import type { FakeServer } from './fakeserver.ts';
import { atEnd, codeOf, failureOf, serve, testCertificate } from './support.ts';

const longText = ['v=DKIM1; p=', 'A'.repeat(255), 'B'.repeat(100)];
const zone = [
  record('www.test', 'A', '192.0.2.1'),
  record('www.test', 'A', '192.0.2.2'),
  record('www.test', 'AAAA', '2001:db8::1'),
  record('test', 'MX', { preference: 10, exchange: 'mail.test' }),
  record('test', 'NS', 'ns1.test'),
  record('test', 'NS', 'ns2.test'),
  record('test', 'SOA', soa('test').data),
  record('_sip._tcp.test', 'SRV', { priority: 10, weight: 60, port: 5060, target: 'sip.test' }),
  record('text.test', 'TXT', longText),
  record('text.test', 'TXT', ['second']),
  record('ptr.test', 'PTR', 'www.test'),
  record('caa.test', 'CAA', { flags: 0, tag: 'issue', value: 'letsencrypt.org' }),
];

function serveZone(): Promise<FakeServer> {
  return serve({ answer: zoneAnswer(zone) });
}

function smartdnsWith(options: ISmartDnsConstructorOptions): Smartdns {
  const smartdns = new Smartdns(options);
  atEnd(() => smartdns.destroy());
  return smartdns;
}

async function hostsFile(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'smartdns-hosts-'));
  atEnd(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'hosts');
  writeFileSync(path, text);
  return Promise.resolve(path);
}

test("values read as upstream's: MX, SRV, SOA, TXT joined, names without final dot", async () => {
  const server = await serveZone();
  const smartdns = smartdnsWith({ strategy: 'udp', resolvers: { udp: [server.address] } });
  const values = async (name: string, type: string): Promise<string[]> =>
    (await smartdns.getRecords(name, type)).map((entry) => entry.value);
  assert.deepEqual(await smartdns.getRecordsA('www.test'), [
    { name: 'www.test', type: 'A', value: '192.0.2.1', dnsSecEnabled: false },
    { name: 'www.test', type: 'A', value: '192.0.2.2', dnsSecEnabled: false },
  ]);
  assert.deepEqual((await smartdns.getRecordsAAAA('www.test'))[0]?.value, '2001:db8::1');
  assert.deepEqual(
    (await smartdns.getRecordsTxt('text.test')).map((entry) => entry.value),
    [longText.join(''), 'second'],
  );
  assert.deepEqual(await values('test', 'MX'), ['10 mail.test']);
  assert.deepEqual(await values('_sip._tcp.test', 'SRV'), ['10 60 5060 sip.test']);
  assert.deepEqual(await values('test', 'SOA'), ['ns.test hostmaster.test 1 1 1 1 60']);
  assert.deepEqual(await values('ptr.test', 'PTR'), ['www.test']);
  assert.deepEqual(await values('caa.test', 'CAA'), ['0 issue "letsencrypt.org"']);
  assert.deepEqual(await smartdns.getNameServers('test'), ['ns1.test', 'ns2.test']);
});

test('aliases are part of the list, each with its own type, and AD shows as dnsSecEnabled', async () => {
  const server = await serve({
    answer: ({ name }) => ({
      ad: true,
      answers: [record(name, 'CNAME', 'target.test'), record('target.test', 'A', '192.0.2.1')],
    }),
  });
  const smartdns = smartdnsWith({ strategy: 'udp', resolvers: { udp: [server.address] } });
  assert.deepEqual(await smartdns.getRecordsA('alias.test'), [
    { name: 'alias.test', type: 'CNAME', value: 'target.test', dnsSecEnabled: true },
    { name: 'target.test', type: 'A', value: '192.0.2.1', dnsSecEnabled: true },
  ]);
});

test('an unanswered question is an empty list, or an error with throwOnError; resolve() always tells', async () => {
  const server = await serve({ answer: () => ({ rcode: rcodes.REFUSED }) });
  const resolvers = { udp: [server.address] };
  const smartdns = smartdnsWith({ strategy: 'udp', resolvers });
  assert.deepEqual(await smartdns.getRecords('www.test', 'A'), []);
  assert.equal(await codeOf(smartdns.resolve('www.test')), 'EREFUSED');
  const strict = smartdnsWith({ strategy: 'udp', resolvers, throwOnError: true });
  assert.equal(await codeOf(strict.getRecordsA('www.test')), 'EREFUSED');
});

test('getNameServers rejects with ENOTFOUND and ENODATA like Node', async () => {
  const server = await serveZone();
  const smartdns = smartdnsWith({ strategy: 'udp', resolvers: { udp: [server.address] } });
  const missing = await failureOf(smartdns.getNameServers('nothing.test'));
  assert.deepEqual([missing.code, missing.syscall, missing.hostname], ['ENOTFOUND', 'queryNs', 'nothing.test']);
  assert.equal(await codeOf(smartdns.getNameServers('www.test')), 'ENODATA');
});

test('prefer-system asks DoH when the system has nothing, and only then; allowDohFallback: false forbids it', async () => {
  const certificate = testCertificate();
  const system = await serve({ answer: zoneAnswer([record('inside.test', 'A', '192.0.2.7')]) });
  const doh = await serve({ answer: zoneAnswer(zone), tls: certificate });
  const options: ISmartDnsConstructorOptions = {
    system: { servers: [system.address], hostsFile: await hostsFile('') },
    resolvers: { doh: [{ protocol: 'https', host: '127.0.0.1', port: doh.httpsPort, ca: certificate.cert }] },
  };
  const smartdns = smartdnsWith(options);
  assert.equal((await smartdns.getRecordsA('inside.test'))[0]?.value, '192.0.2.7');
  assert.equal(doh.count(), 0);
  assert.equal((await smartdns.getRecordsA('www.test'))[0]?.value, '192.0.2.1');
  assert.equal((await smartdns.getRecords('test', 'MX'))[0]?.value, '10 mail.test');
  assert.equal(doh.count('https'), 2);
  const closed = smartdnsWith({ ...options, allowDohFallback: false });
  assert.deepEqual(await closed.getRecordsA('www.test'), []);
  assert.equal(doh.count('https'), 2);
});

test('the strategies udp, doh and dot ask their own resolvers only', async () => {
  const certificate = testCertificate();
  const server = await serve({ answer: zoneAnswer(zone), tls: certificate });
  const over = (protocol: 'tls' | 'https', port: number): IUpstreamOptions => ({
    protocol,
    host: '127.0.0.1',
    port,
    ca: certificate.cert,
  });
  const resolvers = {
    udp: [server.address],
    dot: [over('tls', server.tlsPort)],
    doh: [over('https', server.httpsPort)],
  };
  for (const [strategy, source] of [
    ['udp', 'udp'],
    ['doh', 'https'],
    ['dot', 'tls'],
  ] as const) {
    const smartdns = smartdnsWith({ strategy, resolvers });
    assert.equal((await smartdns.getRecordsA('www.test')).length, 2);
    assert.equal((await smartdns.resolve('test', 'MX')).source, source);
    assert.equal(server.count(source), 2, strategy);
  }
  assert.equal(server.count(), 6);
});

test('prefer-udp goes on over DoH when UDP fails, not when it says no', async () => {
  const certificate = testCertificate();
  let refusing = false;
  const udp = await serve({ answer: (query) => (refusing ? { rcode: rcodes.REFUSED } : zoneAnswer(zone)(query)) });
  const doh = await serve({ answer: zoneAnswer(zone), tls: certificate });
  const smartdns = smartdnsWith({
    strategy: 'prefer-udp',
    cache: false,
    resolvers: {
      udp: [udp.address],
      doh: [{ protocol: 'https', host: '127.0.0.1', port: doh.httpsPort, ca: certificate.cert }],
    },
  });
  assert.deepEqual(await smartdns.getRecordsA('nothing.test'), []);
  assert.equal(doh.count(), 0);
  refusing = true;
  assert.equal((await smartdns.getRecordsA('www.test'))[0]?.value, '192.0.2.1');
  assert.equal(doh.count(), 1);
});

test('the system strategy knows the hosts file, localhost, and every record type', async () => {
  const server = await serveZone();
  const hosts = await hostsFile(
    '# comment\n127.0.0.1 localhost\n10.1.2.3\tInside.Test other.test # both\n2001:db8::9 inside.test\nnonsense here\n',
  );
  const smartdns = smartdnsWith({ strategy: 'system', system: { servers: [server.address], hostsFile: hosts } });
  assert.equal((await smartdns.getRecordsA('inside.test'))[0]?.value, '10.1.2.3');
  assert.equal((await smartdns.getRecordsA('OTHER.test'))[0]?.value, '10.1.2.3');
  assert.equal((await smartdns.getRecordsAAAA('inside.test'))[0]?.value, '2001:db8::9');
  assert.equal((await smartdns.getRecords('3.2.1.10.in-addr.arpa', 'PTR'))[0]?.value, 'Inside.Test');
  assert.equal((await smartdns.getRecordsA('localhost'))[0]?.value, '127.0.0.1');
  assert.equal((await smartdns.getRecordsAAAA('app.localhost'))[0]?.value, '::1');
  assert.equal((await smartdns.getRecords('1.0.0.127.in-addr.arpa', 'PTR'))[0]?.value, 'localhost');
  assert.equal((await smartdns.resolve('printer.invalid')).rcode, 'NXDOMAIN');
  assert.equal(server.count(), 0, 'none of these leaves the machine');
  assert.equal((await smartdns.getRecords('test', 'MX'))[0]?.value, '10 mail.test');
  assert.equal((await smartdns.getRecords('caa.test', 'CAA')).length, 1);
});

test('without chosen servers, addresses come from the operating system', async () => {
  const smartdns = smartdnsWith({ strategy: 'system', specialNames: false });
  assert.equal((await smartdns.getRecordsA('localhost'))[0]?.value, '127.0.0.1');
  const { source, ttl } = await smartdns.resolve('localhost', 'A');
  assert.deepEqual([source, ttl], ['system', 0]);
});

test('the system strategy goes on to the next name server when one fails', async () => {
  const broken = await serve({ answer: () => ({ rcode: rcodes.SERVFAIL }) });
  const working = await serveZone();
  const servers = [broken.address, working.address];
  const smartdns = smartdnsWith({ strategy: 'system', system: { servers, hostsFile: await hostsFile('') } });
  assert.equal((await smartdns.getRecordsA('www.test'))[0]?.value, '192.0.2.1');
});

test('getRecordWithNodeDNS gives every record whole, from the servers that Node uses', async () => {
  const server = await serveZone();
  const before = dns.getServers();
  dns.setServers([server.address]);
  try {
    const smartdns = smartdnsWith({ strategy: 'doh' });
    const values = async (name: string, type: string): Promise<string[]> =>
      (await smartdns.getRecordWithNodeDNS(name, type)).map((entry) => entry.value);
    assert.deepEqual(await values('www.test', 'A'), ['192.0.2.1', '192.0.2.2']);
    assert.deepEqual(await values('test', 'NS'), ['ns1.test', 'ns2.test']);
    assert.deepEqual(await values('test', 'MX'), ['10 mail.test']);
    assert.deepEqual(await values('_sip._tcp.test', 'SRV'), ['10 60 5060 sip.test']);
    assert.deepEqual(await values('text.test', 'TXT'), [longText.join(''), 'second']);
    assert.deepEqual(await values('test', 'SOA'), ['ns.test hostmaster.test 1 1 1 1 60']);
    assert.deepEqual(await values('caa.test', 'CAA'), ['0 issue "letsencrypt.org"']);
    assert.equal(await codeOf(smartdns.getRecordWithNodeDNS('nothing.test', 'A')), 'ENOTFOUND');
    assert.equal(await codeOf(smartdns.getRecordWithNodeDNS('nothing.test', 'CAA')), 'ENOTFOUND');
    assert.equal(await codeOf(smartdns.getRecordWithNodeDNS('www.test', 'MX')), 'ENODATA');
  } finally {
    dns.setServers(before);
  }
});

test('checkUntilAvailable sees a value appear past the cache, in any record of the list', async () => {
  let published = false;
  const server = await serve({
    answer: (query) => {
      if (query.number >= 4) published = true;
      return zoneAnswer(published ? [record('new.test', 'TXT', ['other']), record('new.test', 'TXT', ['token'])] : [])(
        query,
      );
    },
  });
  const before = dns.getServers();
  dns.setServers([server.address]);
  try {
    const smartdns = smartdnsWith({ strategy: 'udp', resolvers: { udp: [server.address] } });
    assert.equal(await smartdns.checkUntilAvailable('new.test', 'TXT', 'token', 20, 1), true);
    assert.equal(server.count(), 4);
    assert.equal(await smartdns.checkUntilAvailable('new.test', 'TXT', 'never', 3, 1), false);
    assert.equal(server.count(), 7);
  } finally {
    dns.setServers(before);
  }
});

test('every cycle of checkUntilAvailable can succeed: also those that ask Node', async () => {
  const node = await serveZone();
  const strategy = await serve({ answer: () => ({ rcode: rcodes.NXDOMAIN }) });
  const before = dns.getServers();
  dns.setServers([node.address]);
  try {
    const smartdns = smartdnsWith({ strategy: 'udp', resolvers: { udp: [strategy.address] } });
    assert.equal(await smartdns.checkUntilAvailable('www.test', 'A', '192.0.2.2', 2, 1), true);
    assert.equal(await smartdns.checkUntilAvailable('test', 'MX', '10 Mail.test.', 2, 1), true);
    assert.equal(await smartdns.checkUntilAvailable('test', 'NS', 'ns2.test', 2, 1), true);
  } finally {
    dns.setServers(before);
  }
});

test('destroy() ends a running checkUntilAvailable, and the client can be used again afterwards', async () => {
  const server = await serveZone();
  const smartdns = smartdnsWith({ strategy: 'udp', resolvers: { udp: [server.address] } });
  const waiting = smartdns.checkUntilAvailable('www.test', 'A', '203.0.113.1', 1_000, 100_000);
  while (server.count() === 0) await new Promise((resolve) => setImmediate(resolve));
  smartdns.destroy();
  assert.equal(await waiting, false);
  assert.equal((await smartdns.getRecordsA('www.test')).length, 2);
});

test('makeNodeProcessUseDnsProvider changes what Node and this library ask', async () => {
  const before = dns.getServers();
  try {
    makeNodeProcessUseDnsProvider('google');
    assert.deepEqual(dns.getServers(), ['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844']);
    makeNodeProcessUseDnsProvider('cloudflare');
    assert.deepEqual(dns.getServers(), ['1.1.1.1', '1.0.0.1', '2606:4700:4700::1111', '2606:4700:4700::1001']);
    assert.throws(() => makeNodeProcessUseDnsProvider('nobody' as 'google'), { code: 'EBADOPTION' });
  } finally {
    dns.setServers(before);
  }
});

test('type names and numbers convert both ways', () => {
  const smartdns = smartdnsWith({});
  assert.deepEqual([smartdns.dnsTypeMap['A'], smartdns.dnsTypeMap['SRV'], smartdns.dnsTypeMap['CAA']], [1, 33, 257]);
  assert.equal(smartdns.convertDnsTypeNameToTypeNumber('AAAA'), 28);
  assert.equal(smartdns.convertDnsTypeNameToTypeNumber('nonsense'), undefined);
  assert.equal(smartdns.convertDnsTypeNumberToTypeName(65), 'HTTPS');
  assert.equal(smartdns.convertDnsTypeNumberToTypeName(28), 'AAAA');
  assert.equal(smartdns.convertDnsTypeNumberToTypeName(99_999), null);
  assert.throws(() => new Smartdns({ strategy: 'bogus' as 'udp' }), { code: 'EBADOPTION' });
});

test("the bridge answers in upstream's shape", async () => {
  const server = await serveZone();
  const bridge = new RustDnsClientBridge();
  atEnd(() => bridge.kill());
  assert.equal(bridge.running, false);
  assert.equal(await bridge.ping(), true);
  assert.deepEqual(await bridge.resolve('test', 'MX', 'udp', server.address), {
    answers: [{ name: 'test', type: 'MX', ttl: 300, value: '10 mail.test' }],
    adFlag: false,
    rcode: 0,
  });
  assert.equal((await bridge.resolve('nothing.test', 'A', 'udp', server.address)).rcode, 3);
  assert.equal(bridge.running, true);
  bridge.kill();
  assert.equal(bridge.running, false);
});

test('a resolver without upstreams is the system’s', async () => {
  const resolver = new Resolver();
  atEnd(() => resolver.destroy());
  assert.equal((await resolver.resolve('localhost', 'AAAA')).records[0]?.data, '::1');
});
