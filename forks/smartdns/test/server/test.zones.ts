import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askUdp } from './ask.ts';
import { record, startServer } from './start.ts';

const zoneText = `
$TTL 300
@        SOA   ns1 hostmaster 7 3600 600 604800 120
@        NS    ns1
ns1      A     192.0.2.53
www      A     192.0.2.1
www      A     192.0.2.2
*.wild   TXT   "from the wildcard"
alias    CNAME www
far      CNAME handled.example.test.
sub      NS    ns.sub
ns.sub   A     192.0.2.99
a.deep   A     192.0.2.3
`;

test('a zone from a master file: answers, wildcards, aliases, referrals, empty non-terminals', async (context) => {
  const { server, port } = await startServer(context, { dnssecZone: '' }, (dns) => {
    dns.zones.load(zoneText, { origin: 'zone.test' });
  });
  const www = await askUdp(port, { name: 'WWW.zone.test' });
  assert.deepEqual([www.aa, www.answers.map(({ data }) => data)], [true, ['192.0.2.1', '192.0.2.2']]);
  const wild = await askUdp(port, { name: 'x.y.wild.zone.test', type: 'TXT' });
  assert.deepEqual(
    wild.answers.map(({ name }) => name),
    ['x.y.wild.zone.test'],
  );
  const alias = await askUdp(port, { name: 'alias.zone.test' });
  assert.deepEqual(
    alias.answers.map(({ type }) => type),
    ['CNAME', 'A', 'A'],
  );
  const referral = await askUdp(port, { name: 'x.sub.zone.test' });
  assert.deepEqual(
    [referral.aa, referral.answers.length, referral.authorities[0]?.type, referral.additionals[0]?.data],
    [false, 0, 'NS', '192.0.2.99'],
  );
  const empty = await askUdp(port, { name: 'deep.zone.test' });
  assert.deepEqual([empty.rcode, empty.authorities[0]?.type, empty.authorities[0]?.ttl], [0, 'SOA', 120]);
  assert.equal((await askUdp(port, { name: 'nope.zone.test' })).rcode, 3);
  assert.equal((await askUdp(port, { name: 'zone.test', type: 'SOA' })).answers.length, 1);
  const zones = server.stats.getZoneStats();
  assert.equal(zones.find(({ zone }) => zone === 'zone.test')?.queries, 7);
});

test('records come and go between two queries, images of old answers do not outlive them', async (context) => {
  const { server, port } = await startServer(context, {
    dnssecZone: '',
    zones: [{ origin: 'zone.test', nameservers: ['ns1.other.test'] }],
  });
  const ask = async (): Promise<unknown[]> =>
    (await askUdp(port, { name: 'new.zone.test' })).answers.map(({ data }) => data);
  const serial = server.zones.get('zone.test')!.serial;
  for (let turn = 0; turn < 3; turn++) {
    assert.deepEqual(await ask(), []);
  }
  server.zones.addRecord({ name: 'new.zone.test', type: 'A', ttl: 60, data: '192.0.2.1' });
  for (let turn = 0; turn < 3; turn++) {
    assert.deepEqual(await ask(), ['192.0.2.1']);
  }
  server.zones.get('zone.test')!.update((changes) => {
    changes.remove({ name: 'new.zone.test', type: 'A' });
    changes.add({ name: 'new.zone.test', type: 'A', data: '192.0.2.2' });
  });
  assert.deepEqual(await ask(), ['192.0.2.2']);
  assert.equal(server.zones.removeRecord({ name: 'new.zone.test', type: 'A' }), 1);
  assert.deepEqual(await ask(), []);
  assert.ok(server.zones.get('zone.test')!.serial > serial);
  assert.throws(() => server.zones.addRecord({ name: 'a.nowhere.test', type: 'A', data: '192.0.2.1' }), RangeError);
  assert.equal(server.zones.remove('zone.test'), true);
  assert.equal((await askUdp(port, { name: 'new.zone.test' })).rcode, 5);
});

test('handlers come before zones, and make names exist that the zone does not know', async (context) => {
  const { port } = await startServer(context, {}, (dns) => {
    dns.zones.load(zoneText, { origin: 'zone.test' });
    dns.registerHandler('www.zone.test', ['A'], (question) => record(question.name, 'A', '198.51.100.1'));
    dns.registerHandler('_acme-challenge.new.zone.test', ['TXT'], (question) => record(question.name, 'TXT', 'token'));
    dns.registerHandler('handled.example.test', ['A'], (question) => record(question.name, 'A', '198.51.100.2'));
  });
  assert.deepEqual(
    (await askUdp(port, { name: 'www.zone.test' })).answers.map(({ data }) => data),
    ['198.51.100.1'],
  );
  assert.equal((await askUdp(port, { name: '_acme-challenge.new.zone.test', type: 'TXT' })).answers.length, 1);
  assert.equal((await askUdp(port, { name: '_acme-challenge.new.zone.test' })).rcode, 0);
  assert.equal((await askUdp(port, { name: 'new.zone.test' })).rcode, 0);
  const far = await askUdp(port, { name: 'far.zone.test' });
  assert.deepEqual(
    far.answers.map(({ type }) => type),
    ['CNAME', 'A'],
  );
});

test('filterAuthorizedDomains knows handlers, zones and dnssecZone', async (context) => {
  const { server } = await startServer(context, {}, (dns) => {
    dns.zones.load(zoneText, { origin: 'zone.test' });
    dns.registerHandler('only.handler.org', ['A'], () => null);
  });
  assert.deepEqual(
    server.filterAuthorizedDomains(['a.ZONE.test', '*.example.test', 'only.handler.org', 'other.handler.org', 'x.org']),
    ['a.ZONE.test', '*.example.test', 'only.handler.org'],
  );
});
