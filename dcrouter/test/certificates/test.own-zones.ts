import { DnsServer } from '@dcrouter/smartdns/server';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnZoneChallenges } from '../../ts/certificates/own-zones.ts';
import { standingChallenges } from '../../ts/certificates/challenges.ts';
import { changeZone } from '../../ts/dns/change.ts';
import { zonesOf } from '../../ts/dns/zones.ts';
import { read } from '../config/documents.ts';
import { Readiness } from '../../ts/process/readiness.ts';
import { MemoryStore } from '../../ts/store/memory.ts';

const challenge = '_acme-challenge.example.test';

function zoneOptions(records: string) {
  const text = JSON.stringify({
    dns: { zones: { 'example.test': { nameservers: ['ns1.example.test'], records: JSON.parse(records) } } },
  });
  return zonesOf(read(text).dns)[0]!;
}

function setup(records = '[]') {
  const options = zoneOptions(records);
  const dns = new DnsServer({ zones: [options] });
  const readiness = new Readiness();
  readiness.set('ready');
  const names = ['Example.test.'];
  const zones = { names: () => names, dns: () => dns, readiness: () => readiness, store: () => null };
  const challenges = new OwnZoneChallenges(zones);
  const zone = dns.zones.get('example.test')!;
  const standing = (name = challenge): unknown[] => zone.rrset(name, 'TXT')?.records.map(({ data }) => data) ?? [];
  return { challenges, dns, readiness, zone, options, standing };
}

test('values stand side by side at one name, survive a change of the zone, and go one by one', async () => {
  const { challenges, zone, options, standing } = setup();
  await challenges.set(challenge, 'plain');
  await challenges.set(challenge, 'wildcard');
  assert.deepEqual(standing(), [['plain'], ['wildcard']]);
  const next = zoneOptions('[{"name":"www","type":"A","data":"192.0.2.1"}]');
  changeZone(zone, options, next);
  assert.equal(zone.rrset('www.example.test', 'A')?.records.length, 1);
  assert.deepEqual(standing(), [['plain'], ['wildcard']]);
  await challenges.remove(challenge, 'plain');
  assert.deepEqual(standing(), [['wildcard']]);
  await challenges.remove(challenge, 'wildcard');
  assert.deepEqual(standing(), []);
  await challenges.remove(challenge, 'wildcard');
});

test('a name in none of our zones, and one that is delegated, are told with the zone', async () => {
  const { challenges, standing } = setup('[{"name":"sub","type":"NS","data":"ns.other.test."}]');
  assert.equal(challenges.covers('www.example.test'), true);
  assert.equal(challenges.covers('wwwexample.test'), false);
  await assert.rejects(challenges.set('_acme-challenge.other.test', 'x'), /other\.test is in none of our zones \(Ex/);
  const delegated = '_acme-challenge.sub.example.test';
  await assert.rejects(challenges.set(delegated, 'x'), /is delegated out of our zone example\.test/);
  assert.deepEqual(standing(delegated), []);
});

test('an order that is faster than the DNS server waits for it', async () => {
  const { challenges, readiness, standing } = setup();
  readiness.set('starting');
  const set = challenges.set(challenge, 'early');
  assert.deepEqual(standing(), []);
  readiness.set('ready');
  await set;
  assert.deepEqual(standing(), [['early']]);
});

test('records of other nodes come and go, our own stay; what a dead node left goes when its time is over', async () => {
  const { challenges, standing } = setup();
  await challenges.set(challenge, 'own');
  challenges.follow([
    { name: challenge, value: 'theirs' },
    { name: '_acme-challenge.foreign.test', value: 'x' },
  ]);
  assert.deepEqual(standing(), [['own'], ['theirs']]);
  challenges.follow([]);
  assert.deepEqual(standing(), [['own']]);

  const store = new MemoryStore();
  await store.materials.put('acme-challenge', `${challenge} dead`, Buffer.from('1'));
  await store.materials.put('acme-challenge', `${challenge} alive`, Buffer.from(String(Date.now() + 1e6)));
  assert.deepEqual(await standingChallenges(store), [{ name: challenge, value: 'alive' }]);
  assert.deepEqual(await store.materials.names('acme-challenge'), [`${challenge} alive`]);
});
