// The client's readme and its code say the same.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { clientLimits, dnsErrorCodes } from '#client';

const readmeFile = join(import.meta.dirname, '../../ts_client/readme.md');
const readme = readFileSync(readmeFile, 'utf8');
const source = (path: string): string => readFileSync(join(dirname(readmeFile), path), 'utf8');

function section(title: string): string {
  const start = readme.indexOf(`\n## ${title}\n`);
  assert.ok(start >= 0, title);
  const end = readme.indexOf('\n## ', start + 1);
  return readme.slice(start, end);
}

/** The names in the first column of a section's table. */
function firstColumn(title: string): string[] {
  return section(title)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

test('every error code is in the table, and no other', () => {
  assert.deepEqual(firstColumn('Errors').sort(), Object.keys(dnsErrorCodes).sort());
});

test('the error table tells source and retry as the code does', () => {
  for (const line of section('Errors').split('\n')) {
    if (!line.startsWith('| `')) continue;
    const [, codes = '', errorSource = '', later = ''] = line.split('|').map((cell) => cell.trim());
    for (const [, code] of codes.matchAll(/`(\w+)`/g)) {
      const info = dnsErrorCodes[code as keyof typeof dnsErrorCodes];
      assert.deepEqual([errorSource, later], [info.source, info.retry ? 'yes' : 'no'], code!);
    }
  }
});

test('every option is in the table, and no other', () => {
  const declared = ['interfaces/options.ts', 'smartdns/options.ts', 'forwarder/forwarder.ts'].flatMap((file) =>
    [...source(file).matchAll(/export interface (\w+)[^{]*\{\n([\s\S]*?)\n\}/g)]
      .filter(([, name]) => /^(IResolverOptions|ISmartDnsConstructorOptions|IForwarderOptions)$/.test(name!))
      .flatMap(([, , body]) => [...body!.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map((match) => match[1]!)),
  );
  assert.deepEqual([...new Set(firstColumn('Options'))].sort(), [...new Set(declared)].sort());
});

test('the defaults in the table are those of the limits', () => {
  const number = (value: number): string => value.toLocaleString('en-US');
  const rows = new Map(
    section('Options')
      .split('\n')
      .map((line) => [/^\| `(\w+)`/.exec(line)?.[1], line]),
  );
  const defaults = {
    timeoutMs: clientLimits.timeoutMs,
    attemptTimeoutMs: clientLimits.attemptTimeoutMs,
    attemptsMax: clientLimits.attemptsMax,
    idleMs: clientLimits.streamIdleMs,
    inFlightMax: clientLimits.inFlightMax,
    waitingMax: clientLimits.waitingMax,
  };
  for (const [name, value] of Object.entries(defaults)) {
    assert.equal(rows.get(name)!.split('|')[2]!.trim(), number(value), name);
  }
  for (const value of [clientLimits.cacheEntriesMax, clientLimits.cacheTtlMaxSeconds, clientLimits.cacheFailureMs]) {
    assert.ok(rows.get('cache')!.includes(number(value)), String(value));
  }
});

test('every link leads somewhere, and every event is named', () => {
  for (const [, link] of readme.matchAll(/\]\(([^)]+)\)/g)) {
    assert.ok(existsSync(join(dirname(readmeFile), link!)), link!);
  }
  const events = [...source('interfaces/events.ts').matchAll(/^ {2}'([\w-]+)':/gm)].map((match) => match[1]!);
  assert.equal(events.length, 7);
  for (const event of events) assert.ok(section('Counting').includes(`\`${event}\``), event);
});
