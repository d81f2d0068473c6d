/** Master files: read as BIND reads them, written so that BIND reads the same, errors with their lines. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatRecord, formatZone, parseRecord, parseZone, PresentationError } from '#wire';

const folder = mkdtempSync(join(tmpdir(), 'dcrouter-zone-'));
after(() => rmSync(folder, { recursive: true }));

const everyType = readFileSync(new URL('fixtures/every-type.zone', import.meta.url), 'utf8');
const hasBind = spawnSync('named-checkzone', ['-v']).status === 0;
const needsBind = hasBind ? false : 'named-checkzone (package bind9-utils) is not installed';

/** The zone as BIND understands it: canonical text, one line per record. */
function throughBind(text: string, origin: string): string[] {
  const input = join(folder, 'in.zone');
  const output = join(folder, 'out.zone');
  writeFileSync(input, text);
  const checks = ['-i', 'none', '-k', 'ignore', '-n', 'ignore'];
  execFileSync('named-checkzone', [...checks, '-o', output, '-D', origin, input], { stdio: 'pipe' });
  const lines = readFileSync(output, 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith(';')).sort();
}

test('a zone with every type is written so that BIND reads the same', { skip: needsBind }, () => {
  const parsed = parseZone(everyType, { origin: 'example.com' });
  assert.deepEqual(parsed.errors, []);
  assert.equal(parsed.records.length, 83);
  assert.deepEqual(throughBind(formatZone(parsed.records), 'example.com'), throughBind(everyType, 'example.com'));
});

test("BIND's own canonical text reads as the same records", { skip: needsBind }, () => {
  const first = parseZone(everyType, { origin: 'example.com' });
  const second = parseZone(throughBind(everyType, 'example.com').join('\n'), { origin: 'example.com' });
  assert.deepEqual(second.errors, []);
  assert.deepEqual(formatZone(second.records).split('\n').sort(), formatZone(first.records).split('\n').sort());
});

test('text that is read and written again does not change', () => {
  const once = formatZone(parseZone(everyType, { origin: 'example.com' }).records);
  assert.equal(formatZone(parseZone(once).records), once);
});

test('owner, TTL and class carry over as RFC 1035 §5.1 and RFC 2308 §4 say', () => {
  const { records, errors } = parseZone(
    [
      '\ufeff; a comment, and a byte order mark before it',
      '@ 300 IN SOA ns1 host 1 1h 15m 1w 5m',
      '  NS ns1',
      '$TTL 2h',
      'ns1 A 192.0.2.1',
      '    IN 60 AAAA 2001:db8::1',
      '    1d IN TXT ( "one" ; in the middle',
      '       "two" )',
      '$ORIGIN sub',
      'www A 192.0.2.2',
      '@ A 192.0.2.3',
      'abs.example.net. CNAME other\\.dot.example.org.',
    ].join('\r\n'),
    { origin: 'Example.com.' },
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(
    records.map((record) => [record.name, record.ttl, record.type]),
    [
      ['Example.com', 300, 'SOA'],
      ['Example.com', 300, 'NS'],
      ['ns1.Example.com', 7_200, 'A'],
      ['ns1.Example.com', 60, 'AAAA'],
      ['ns1.Example.com', 86_400, 'TXT'],
      ['www.sub.Example.com', 7_200, 'A'],
      ['sub.Example.com', 7_200, 'A'],
      ['abs.example.net', 7_200, 'CNAME'],
    ],
  );
  assert.deepEqual(records[4]!.data, ['one', 'two']);
  assert.equal(records[7]!.data, 'other\\.dot.example.org');
});

test('every broken line is reported with its number, and the others are read', () => {
  const { records, errors, lines } = parseZone(
    [
      '$TTL 60',
      'a A 192.0.2.1',
      'b A 192.0.2.300',
      'c MX mail',
      'd NOSUCH x',
      'e TXT "unbalanced',
      'f A 192.0.2.2 extra',
      'g ANY 1',
      '$INCLUDE other.zone',
      '$NONSENSE',
      'h A )',
      'i HTTPS 1 . mandatory=port',
      'j..k A 192.0.2.1',
      'l DS 1 13 2',
      'm A \\# 3 010203',
      'z A 192.0.2.9',
      'o TXT ( "never closed"',
    ].join('\n'),
    { origin: 'example.com' },
  );
  assert.deepEqual(
    errors.map((error) => error.line),
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17],
  );
  assert.deepEqual(
    records.map((record) => record.name),
    ['a.example.com', 'z.example.com'],
  );
  assert.deepEqual(lines, [2, 16]);
});

test('$INCLUDE reads through the callback only, with its own origin, and ends', () => {
  const files: Readonly<Record<string, string>> = {
    one: '$ORIGIN deep\nx A 192.0.2.1\n',
    self: '$INCLUDE self\n',
  };
  const include = (file: string): string | null => files[file] ?? null;
  const good = parseZone('$TTL 60\na A 192.0.2.1\n$INCLUDE one sub\n  A 192.0.2.2\n', {
    origin: 'example.com',
    include,
  });
  assert.deepEqual(good.errors, []);
  assert.deepEqual(
    good.records.map((record) => record.name),
    ['a.example.com', 'x.deep.sub.example.com', 'a.example.com'],
  );
  const loop = parseZone('$INCLUDE self\n', { include });
  assert.match(loop.errors[0]!.message, /nested/);
  assert.match(parseZone('$INCLUDE none\n', { include }).errors[0]!.message, /no file/);
});

test('$GENERATE counts, shifts and pads, and cannot make millions of records', () => {
  const zone = parseZone('$TTL 60\n$GENERATE 1-3 host$ A 192.0.2.$\n$GENERATE 10-14/2 x${-4,3,d} CNAME y${0,2,x}.\n');
  assert.deepEqual(zone.errors, []);
  assert.deepEqual(
    zone.records.map((record) => [record.name, record.data]),
    [
      ['host1', '192.0.2.1'],
      ['host2', '192.0.2.2'],
      ['host3', '192.0.2.3'],
      ['x006', 'y0a'],
      ['x008', 'y0c'],
      ['x010', 'y0e'],
    ],
  );
  assert.equal(parseZone('$TTL 60\n$GENERATE 1-999999999 a$ A 192.0.2.1\n').errors.length, 1);
});

test('one record is read and written by itself', () => {
  const record = parseRecord('www 300 IN MX 10 mail', { origin: 'example.com' });
  assert.deepEqual(record.data, { preference: 10, exchange: 'mail.example.com' });
  assert.equal(formatRecord(record), 'www.example.com.\t300\tIN\tMX\t10 mail.example.com.');
  assert.throws(() => parseRecord(''), PresentationError);
  assert.throws(() => parseRecord('a A 192.0.2.1\nb A 192.0.2.1'), PresentationError);
});
