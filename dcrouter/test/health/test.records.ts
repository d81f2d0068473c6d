// Which records are served: those of the document but for those that are down, and those of routed domains.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Zone } from '@dcrouter/smartdns/server';
import { ConfigError } from '../../ts/config/error.ts';
import { changeZone } from '../../ts/dns/change.ts';
import { composeRecords, composeZones } from '../../ts/dns/compose.ts';
import { zonesOf } from '../../ts/dns/zones.ts';
import { configOf } from './support.ts';

const NS = { name: '@', type: 'NS', data: 'ns1.example.test' };
const checks = ['one', 'two'].map((name) => ({ name, type: 'tcp', target: '127.0.0.1:1' }));
const route = (name: string, domains: string | string[], more: object = {}) => ({
  name,
  match: { ports: 80, domains },
  action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] },
  ...more,
});

function shown(document: object, down: readonly string[] = []): string[] {
  const config = configOf({ health: { checks }, ...document });
  return [...composeRecords(config, (check) => !down.includes(check))].flatMap(([zone, records]) =>
    records
      .filter(({ record, withheld }) => !withheld && record.type !== 'NS')
      .map(({ record, origin }) => `${record.name} ${zone} ${record.type} ${String(record.data)} ${origin}`),
  );
}

test('a record follows its check; when all of a set are down they stay, or go, as it is wanted', () => {
  const records = [
    NS,
    { name: 'app', type: 'A', data: '192.0.2.1', health: 'one' },
    { name: 'App.Example.Test.', type: 'A', data: '192.0.2.2', health: 'two' },
    { name: 'app', type: 'AAAA', data: '2001:db8::1', health: 'one' },
  ];
  const dns = { zones: { 'example.test': { records } } };
  assert.equal(shown({ dns }).length, 3);
  assert.deepEqual(shown({ dns }, ['one']), [
    'App.Example.Test. example.test A 192.0.2.2 document',
    // The only one of its set: it fails open.
    'app example.test AAAA 2001:db8::1 document',
  ]);
  assert.equal(shown({ dns }, ['one', 'two']).length, 3);
  const closed = { ...dns, failOpen: false };
  assert.deepEqual(shown({ dns: closed }, ['one']), ['App.Example.Test. example.test A 192.0.2.2 document']);
  assert.deepEqual(shown({ dns: closed }, ['one', 'two']), []);
});

test('routed domains get records in our own zones, unless there is one, and only names that DNS can hold', () => {
  const document = {
    dns: {
      autoRecords: { addresses: ['192.0.2.80', '2001:db8::80'] },
      zones: {
        'example.test': {
          records: [
            NS,
            { name: 'mine', type: 'CNAME', data: 'elsewhere.test' },
            { name: 'v6', type: 'AAAA', data: '2001:db8::6' },
            { name: 'sub', type: 'NS', data: 'ns.other.test' },
            { name: 'text', type: 'TXT', data: 'x' },
            { name: '*.any', type: 'A', data: '192.0.2.9' },
            { name: 'moved', type: 'DNAME', data: 'elsewhere.test' },
          ],
        },
        'deep.example.test.': { records: [{ ...NS, data: 'ns1.example.test' }] },
      },
    },
    proxy: {
      routes: [
        route('a', ['App.example.test', '*.wild.example.test', 'foreign.test', 'example.test']),
        route('b', [
          'mine.example.test',
          'v6.example.test',
          'in.sub.example.test',
          'text.example.test',
          'x.any.example.test',
          'in.moved.example.test',
        ]),
        route('c', ['x.deep.example.test', 'example.*', '*', '*.shop-*']),
        route('d', ['off.example.test'], { enabled: false }),
        route('e', ['unwanted.example.test'], { dns: false }),
        route('f', ['app.example.test']),
      ],
    },
  };
  const auto = shown(document).filter((text) => text.endsWith('auto') && text.includes(' A '));
  assert.deepEqual(auto, [
    'app example.test A 192.0.2.80 auto',
    '*.wild example.test A 192.0.2.80 auto',
    '@ example.test A 192.0.2.80 auto',
    'text example.test A 192.0.2.80 auto',
    'x deep.example.test. A 192.0.2.80 auto',
  ]);
  const marked = {
    ...document,
    dns: { ...document.dns, autoRecords: { addresses: ['192.0.2.80'], routes: 'marked' } },
  };
  assert.deepEqual(
    shown(marked).filter((text) => text.endsWith('auto')),
    [],
  );
  const routes = [route('a', 'one.example.test', { dns: true }), route('b', 'two.example.test')];
  assert.deepEqual(
    shown({ ...marked, proxy: { routes } }).filter((text) => text.endsWith('auto')),
    ['one example.test A 192.0.2.80 auto'],
  );
});

test('a zone is changed by what differs: one serial on, what others put in stays, a new SOA never goes back', () => {
  const zoneFor = (records: object[], soa: object = {}) =>
    zonesOf({
      zones: composeZones(
        configOf({ dns: { zones: { 'example.test': { soa, records: [NS, ...records] } } } }),
        () => true,
      ),
    })[0]!;
  const before = zoneFor([{ name: 'a', type: 'A', data: '192.0.2.1' }], { serial: 5 });
  const zone = new Zone(before);
  zone.addRecord({ name: '_acme-challenge.example.test', type: 'TXT', data: 'token' });
  assert.equal(zone.serial, 6);
  const after = zoneFor([{ name: 'b', type: 'A', data: '192.0.2.2' }], { serial: 5 });
  changeZone(zone, before, after);
  assert.equal(zone.serial, 7);
  assert.equal(zone.rrset('a.example.test', 'A'), undefined);
  assert.equal(zone.rrset('b.example.test', 'A')!.records.length, 1);
  assert.equal(zone.rrset('_acme-challenge.example.test', 'TXT')!.records.length, 1);
  changeZone(zone, after, after);
  assert.equal(zone.serial, 7, 'nothing differs');
  const slower = zoneFor([{ name: 'b', type: 'A', data: '192.0.2.2' }], { serial: 5, refresh: 99 });
  changeZone(zone, after, slower);
  assert.equal(zone.serial, 8);
  const ahead = zoneFor([{ name: 'b', type: 'A', data: '192.0.2.2' }], { serial: 2_026_112_701 });
  changeZone(zone, slower, ahead);
  assert.equal(zone.serial, 2_026_112_701);
});

test('what cannot be is refused with place and remedy', () => {
  const problems = (document: object): string[] => {
    try {
      configOf(document);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    }
    return [];
  };
  const record = { name: 'a', type: 'A', data: '192.0.2.1', health: 'gone' };
  assert.deepEqual(problems({ dns: { zones: { 'example.test': { records: [NS, record] } } } }), [
    "dns.zones.example.test.records[1].health: got 'gone'; there is no such check in health.checks",
  ]);
  const check = (more: object) => problems({ health: { checks: [{ name: 'x', type: 'tcp', ...more }] } });
  assert.match(check({})[0]!, /health\.checks\[0\]: needs one of both: target/);
  assert.match(check({ route: 'gone' })[0]!, /there is no such route/);
  assert.match(check({ target: '127.0.0.1:0' })[0]!, /port is not 1 to 65535/);
  assert.match(check({ target: '127.0.0.1' })[0]!, /expected host:port/);
  const twice = [
    { name: 'x', type: 'tcp', target: 'a:1' },
    { name: 'x', type: 'tcp', target: 'a:1' },
  ];
  assert.match(problems({ health: { checks: twice } })[0]!, /checks\[1\]\.name: got 'x' a second time/);
});

test('a name of a master file is written down too', () => {
  const text = '@ NS ns1\nns1 A 192.0.2.53\nfile A 192.0.2.9\n*.wild A 192.0.2.9\n';
  const dns = {
    autoRecords: { addresses: ['192.0.2.80'] },
    zones: { 'example.test': { ttl: 60, text: `@ SOA ns1 host 1 1 1 1 1\n${text}` } },
  };
  const routes = [route('a', ['file.example.test', 'a.wild.example.test', 'new.example.test'])];
  assert.deepEqual(shown({ dns, proxy: { routes } }), ['new example.test A 192.0.2.80 auto']);
});

test('servers and services that cannot be are refused with place and remedy', () => {
  const problems = (document: object): string => {
    try {
      configOf(document);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.match(
    problems({ resolve: { servers: ['system', 'udp://name'] } }),
    /resolve\.servers\[1\]: got 'udp:\/\/name'; .*IP address/,
  );
  const service = route('a', 'a.test', {
    action: { type: 'forward', targets: [{ host: '_http._tcp.a.test', port: 'srv' }] },
  });
  assert.equal(problems({ proxy: { routes: [service] } }), '');
  assert.match(problems({ proxy: { routes: [service], workers: 2 } }), /targets\[0\]\.port: got 'srv'.*proxy\.workers/);
});
