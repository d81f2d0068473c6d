/** Changes of zones: whole or not at all, checked, with one new serial each. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Zone, ZoneError, ZoneTable, isNewerSerial, nextSerial } from '../../ts_server/zone/index.ts';
import type { IZoneRecordInput, TZoneErrorReason } from '../../ts_server/zone/index.ts';

function makeZone(records: IZoneRecordInput[] = []): Zone {
  return new Zone({ origin: 'Example.COM.', nameservers: ['ns1.example.com', 'ns2.example.net'], records });
}

function refused(act: () => void): TZoneErrorReason[] {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ZoneError, String(error));
    return error.problems.map((problem) => problem.reason);
  }
  return [];
}

test('a new zone has its SOA and NS records', () => {
  const zone = makeZone();
  assert.equal(zone.origin, 'example.com');
  assert.deepEqual(zone.lookup('example.com', 'SOA').answers[0]!.data, {
    mname: 'ns1.example.com',
    rname: 'hostmaster.example.com',
    serial: 1,
    refresh: 3_600,
    retry: 600,
    expire: 604_800,
    minimum: 300,
  });
  assert.equal(zone.lookup('EXAMPLE.com.', 'NS').answers.length, 2);
});

test('records come and go, and so do the names between them and the apex', () => {
  const zone = makeZone();
  assert.equal(zone.lookup('a.b.example.com', 'A').kind, 'nxdomain');
  zone.addRecord({ name: 'A.b.example.com', type: 'a', data: '192.0.2.1' });
  assert.equal(zone.serial, 2);
  assert.deepEqual(zone.lookup('a.B.example.com', 'A').answers, [
    { name: 'a.b.example.com', type: 'A', class: 'IN', ttl: 3_600, data: '192.0.2.1' },
  ]);
  assert.equal(zone.lookup('b.example.com', 'A').kind, 'nodata');
  assert.equal(zone.removeRecord({ name: 'a.b.example.com', type: 'A', data: '192.0.2.1' }), 1);
  assert.equal(zone.serial, 3);
  assert.equal(zone.lookup('b.example.com', 'A').kind, 'nxdomain');
  assert.equal(zone.removeRecord({ name: 'a.b.example.com' }), 0);
  assert.equal(zone.serial, 3, 'nothing changed, so the serial stays');
});

test('the same record twice is one record, and the newest TTL is the TTL of the set', () => {
  const zone = makeZone();
  zone.addRecord({ name: 'mx.example.com', type: 'MX', ttl: 100, data: '10 Mail' });
  zone.addRecord({
    name: 'mx.example.com',
    type: 'MX',
    ttl: 100,
    data: { preference: 10, exchange: 'mail.example.com' },
  });
  assert.equal(zone.lookup('mx.example.com', 'MX').answers.length, 1);
  assert.equal(zone.serial, 2);
  zone.addRecord({ name: 'mx.example.com', type: 'MX', ttl: 50, data: '20 mail2.example.net.' });
  assert.deepEqual(
    zone.lookup('mx.example.com', 'MX').answers.map((record) => record.ttl),
    [50, 50],
  );
});

test('what may not be in a zone is refused for its reason', () => {
  const zone = makeZone([
    { name: 'www.example.com', type: 'A', data: '192.0.2.1' },
    { name: 'alias.example.com', type: 'CNAME', data: 'www.example.com' },
    { name: 'tree.example.com', type: 'DNAME', data: 'example.net' },
  ]);
  const cases: Array<[IZoneRecordInput, TZoneErrorReason]> = [
    [{ name: 'www.example.net', type: 'A', data: '192.0.2.1' }, 'out-of-zone'],
    [{ name: 'badexample.com', type: 'A', data: '192.0.2.1' }, 'out-of-zone'],
    [{ name: 'x.example.com', type: 'A', class: 'CH', data: '192.0.2.1' }, 'class'],
    [{ name: 'x.example.com', type: 'ANY', data: 'x' }, 'type'],
    [{ name: 'x.example.com', type: 'RRSIG', data: 'x' }, 'type'],
    [{ name: 'x.example.com', type: 'NONSENSE', data: 'x' }, 'type'],
    [{ name: 'x.example.com', type: 'A', data: '192.0.2.256' }, 'data'],
    [{ name: 'x.example.com', type: 'MX', data: 'mail' }, 'data'],
    [{ name: 'x.example.com', type: 'A', ttl: -1, data: '192.0.2.1' }, 'data'],
    [{ name: 'x..example.com', type: 'A', data: '192.0.2.1' }, 'data'],
    [{ name: 'www.example.com', type: 'CNAME', data: 'x.example.com' }, 'cname'],
    [{ name: 'alias.example.com', type: 'A', data: '192.0.2.1' }, 'cname'],
    [{ name: 'alias.example.com', type: 'CNAME', data: 'other.example.com' }, 'cname'],
    [{ name: 'x.tree.example.com', type: 'A', data: '192.0.2.1' }, 'dname'],
    [{ name: 'tree.example.com', type: 'DNAME', data: 'example.org' }, 'dname'],
    [{ name: '@', type: 'DNAME', data: 'example.org' }, 'dname'],
    [{ name: 'x.example.com', type: 'SOA', data: 'a b 1 2 3 4 5' }, 'soa'],
    [{ name: '*.example.com', type: 'NS', data: 'ns.example.net' }, 'wildcard'],
  ];
  const before = zone.toText();
  for (const [record, reason] of cases) {
    assert.ok(refused(() => zone.addRecord(record)).includes(reason), `${record.name} ${record.type}`);
  }
  assert.ok(refused(() => zone.removeRecord({ name: '@', type: 'NS' })).includes('ns'));
  assert.equal(zone.toText(), before);
  assert.equal(zone.serial, 1);
});

test('several changes are made together or not at all', () => {
  const zone = makeZone([{ name: 'www.example.com', type: 'A', data: '192.0.2.1' }]);
  const before = zone.toText();
  const reasons = refused(() =>
    zone.update((changes) => {
      changes.remove({ name: 'www.example.com' });
      changes.add({ name: 'a.b.c.example.com', type: 'TXT', data: 'x' });
      changes.add({ name: 'bad.example.com', type: 'A', data: 'nonsense' });
      changes.add({ name: 'worse.example.com', type: 'AAAA', data: 'nonsense' });
    }),
  );
  assert.deepEqual(reasons, ['data', 'data']);
  assert.equal(zone.toText(), before);
  assert.equal(zone.lookup('c.example.com', 'A').kind, 'nxdomain');
  const count = zone.recordCount;
  assert.throws(() =>
    zone.update((changes) => {
      changes.add({ name: 'a.b.c.example.com', type: 'TXT', data: 'x' });
      throw new Error('changed my mind');
    }),
  );
  assert.equal(zone.recordCount, count);
  // A CNAME takes the place of an address in one step.
  zone.update((changes) => {
    changes.remove({ name: 'www.example.com', type: 'A' });
    changes.add({ name: 'www.example.com', type: 'CNAME', data: 'cdn.example.net.' });
  });
  assert.equal(zone.serial, 2);
  assert.equal(zone.lookup('www.example.com', 'A').kind, 'cname');
});

test('replacing everything keeps the serial moving forward', () => {
  const zone = makeZone([{ name: 'old.example.com', type: 'A', data: '192.0.2.1' }]);
  const nameserver = { name: '@', type: 'NS', data: 'ns1.example.com' };
  let changes = 0;
  const stop = zone.onChange(() => changes++);
  zone.replace([nameserver, { name: 'new.example.com', type: 'A', data: '192.0.2.2' }]);
  assert.equal(zone.serial, 2);
  assert.equal(zone.lookup('old.example.com', 'A').kind, 'nxdomain');
  const soa = { name: '@', type: 'SOA', data: 'ns1 host 2026010101 3600 600 604800 300' };
  zone.replace([nameserver, soa]);
  assert.equal(zone.serial, 2_026_010_101);
  zone.replace([nameserver, soa]);
  assert.equal(zone.serial, 2_026_010_102);
  assert.deepEqual(
    refused(() => zone.replace([soa])),
    ['ns'],
  );
  assert.equal(zone.serial, 2_026_010_102);
  assert.equal(changes, 3);
  stop();
  zone.replace([nameserver]);
  assert.equal(changes, 3);
});

test('serials are compared and counted as RFC 1982 says', () => {
  assert.ok(isNewerSerial(1, 0));
  assert.ok(isNewerSerial(0, 4_294_967_295));
  assert.ok(!isNewerSerial(5, 5));
  assert.ok(!isNewerSerial(0, 1));
  assert.ok(!isNewerSerial(2_147_483_648, 0));
  const now = Date.UTC(2026, 10, 21);
  assert.equal(nextSerial(4_294_967_295, 'increment', now), 1);
  assert.equal(nextSerial(2_026_112_099, 'date', now), 2_026_112_100);
  assert.equal(nextSerial(1, 'date', now), 2_026_112_100);
  assert.equal(nextSerial(2_026_112_100, 'date', now), 2_026_112_101);
  assert.equal(nextSerial(1, 'unixtime', now), now / 1000);
});

test('a master file with errors is refused with their lines', () => {
  const bad = ['@ 60 SOA ns1 host 1 2 3 4 5', '@ NS ns1', 'a A 192.0.2.1', 'a CNAME b', 'x.other.test. A 192.0.2.1'];
  try {
    Zone.fromText(bad.join('\n'), { origin: 'example.com' });
    assert.fail('accepted');
  } catch (error) {
    assert.ok(error instanceof ZoneError);
    assert.deepEqual(
      error.problems.map((problem) => [problem.reason, problem.line]),
      [
        ['out-of-zone', 5],
        ['cname', undefined],
      ],
    );
  }
  assert.deepEqual(
    refused(() => Zone.fromText('a A 192.0.2.1 x\n', { origin: 'a.test', file: 'f' })),
    ['text'],
  );
});

test('a zone survives its own text, signatures of others left out', () => {
  const zone = makeZone([
    { name: '*.example.com', type: 'TXT', data: ['a "quoted" text', 'and ü'] },
    { name: 'www.example.com', type: 'HTTPS', data: '1 . alpn=h2,h3 port=8443' },
  ]);
  const signature = 'www 60 RRSIG A 13 3 60 20300101000000 20260101000000 1 @ AAAA\n';
  const again = Zone.fromText(`${zone.toText()}${signature}www 60 NSEC @ A\n`, { origin: 'example.com' });
  assert.equal(again.toText(), zone.toText());
  assert.equal(again.serial, 1);
});

test('the closest zone answers, and the parent answers for DS', () => {
  const table = new ZoneTable();
  const parent = makeZone();
  const child = new Zone({ origin: 'sub.example.com', nameservers: ['ns1.example.com'] });
  table.add(parent);
  table.add(child);
  assert.equal(table.find('a.sub.example.com', 'A'), child);
  assert.equal(table.find('sub.example.com', 'SOA'), child);
  assert.equal(table.find('sub.example.com', 'DS'), parent);
  assert.equal(table.find('example.com', 'DS'), parent);
  assert.equal(table.find('example.net', 'A'), undefined);
  const { version } = table;
  child.addRecord({ name: 'x.sub.example.com', type: 'A', data: '192.0.2.1' });
  assert.ok(table.version > version);
  assert.ok(table.remove('SUB.example.com.'));
  assert.equal(table.find('a.sub.example.com', 'A'), parent);
  assert.ok(!table.remove('sub.example.com'));
});

test('aliases that lead round in circles end', () => {
  const zone = makeZone([
    { name: 'a.example.com', type: 'CNAME', data: 'b.example.com' },
    { name: 'b.example.com', type: 'CNAME', data: 'a.example.com' },
    { name: 'self.example.com', type: 'CNAME', data: 'self.example.com' },
    { name: 'down.example.com', type: 'DNAME', data: 'x.down.example.com' },
    ...Array.from({ length: 20 }, (_, index) => ({
      name: `c${index}.example.com`,
      type: 'CNAME',
      data: `c${index + 1}.example.com`,
    })),
  ]);
  assert.equal(zone.lookup('a.example.com', 'A').answers.length, 2);
  assert.equal(zone.lookup('self.example.com', 'A').answers.length, 1);
  assert.equal(zone.lookup('c0.example.com', 'A').answers.length, 9);
  const deep = zone.lookup('y.down.example.com', 'A');
  assert.equal(deep.kind, 'cname');
  assert.ok(deep.answers.length <= 20);
  const long = zone.lookup(`${`${'l'.repeat(63)}.`.repeat(3)}${'l'.repeat(40)}.down.example.com`, 'A');
  assert.equal(long.rcode, 6, 'YXDOMAIN (RFC 6672 §2.2)');
});
