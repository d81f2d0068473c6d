/** dig prints every type that the codec knows as BIND's zone compiler does, and what kdig prints reads as the same data. */
import { DnsServer, type DnsAnswer } from '@dcrouter/smartdns/server';
import {
  encodeRecordData,
  findTypeNumber,
  parseRecord,
  parseZone,
  recordLayouts,
  type IResourceRecord,
} from '@dcrouter/smartdns/wire';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing } from './judges.ts';
import { each, verdict } from './zones.ts';

const fixture = new URL('../../forks/smartdns/test/wire/fixtures/every-type.zone', import.meta.url);
const origin = 'example.com';
const text = readFileSync(fixture, 'utf8');
const { records } = parseZone(text, { origin });
/** They travel with messages and stand in no zone; BIND refuses the obsolete two. OPT has no layout. */
const neverInZones = ['TSIG', 'TKEY', 'MD', 'MF'];

test('the zone of the test has every type that the codec describes', () => {
  const present = new Set(records.map(({ type }) => type));
  const wanted = Object.keys(recordLayouts).filter((type) => !neverInZones.includes(type));
  assert.deepEqual(
    wanted.filter((type) => !present.has(type)),
    [],
  );
});

/** Text without what may differ: letter case of names and hexadecimal, blanks, the tool's own comments. */
function essence(line: string): string {
  return line
    .replace(/\s+;.*$/, '')
    .replaceAll(/[\s()]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** What BIND writes for each record of the zone. */
function compiled(): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'every-type-'));
  const [input, output] = [join(folder, 'in'), join(folder, 'out')];
  writeFileSync(input, text);
  const checks = ['-i', 'none', '-k', 'ignore', '-n', 'ignore'];
  execFileSync('named-checkzone', [...checks, '-o', output, '-D', origin, input], { stdio: 'pipe' });
  const lines = readFileSync(output, 'utf8').split('\n');
  rmSync(folder, { recursive: true });
  return new Set(lines.filter((line) => line !== '' && !line.startsWith(';')).map(essence));
}

const bytesOf = ({ type, data }: IResourceRecord): string => encodeRecordData(type, data).toString('hex');

for (const tool of ['dig', 'kdig']) {
  const skip = missing(tool, '-v') || missing('named-checkzone', '-v');
  test(`${tool} understands what is sent of every type`, { skip }, async (context) => {
    const server = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', dnssecZone: '' });
    const sets = Map.groupBy(records, ({ name, type }) => `${name} ${type}`);
    for (const [key, set] of sets) {
      const [name, type] = key.split(' ') as [string, string];
      server.registerHandler(patternOf(name), [type], () => set.map(asAnswer));
    }
    await server.start();
    context.after(() => server.stop());
    const { port } = server.addresses.udp!;
    // kdig divides and cuts long fields in its own way: only dig's text can be compared as text.
    const expected = tool === 'dig' ? compiled() : undefined;
    const wrong: string[] = [];
    await each([...sets.values()], async (set) => {
      const { name, type } = set[0]!;
      const options = ['@127.0.0.1', '-p', String(port), '+tcp', '+norec', '+noall', '+answer'];
      // By number: a tool need not know the name of a type to print what it is sent.
      const said = await verdict(tool, [...options, '-t', `TYPE${findTypeNumber(type)}`, '-q', `${name}.`]);
      const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
      if (lines.length !== set.length) wrong.push(`${name} ${type}: ${set.length} records, told ${said}`);
      const wanted = new Set(set.map(bytesOf));
      for (const line of lines) {
        if (!wanted.has(bytesOf(parseRecord(line)))) wrong.push(`read otherwise: ${line}`);
        if (expected?.has(essence(line)) === false) wrong.push(`not BIND's text: ${line}`);
      }
    });
    assert.deepEqual(wrong, []);
  });
}

/** A pattern for this name alone: wildcards and escapes of master files mean something else in patterns. */
function patternOf(name: string): string {
  return name.replaceAll(/[*\\?[\]{}!@+()]/g, '?');
}

function asAnswer({ name, type, class: className, ttl, data }: IResourceRecord): DnsAnswer {
  return { name, type, class: className, ttl, data };
}
