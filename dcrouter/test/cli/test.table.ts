// Tables and values for people.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatDuration, parseDuration } from '../../ts/cli/format.ts';
import { planText } from '../../ts/cli/plan.ts';
import { painterFor, plainPaint } from '../../ts/cli/style.ts';
import { table, type IColumn } from '../../ts/cli/table.ts';

interface IRow {
  readonly name: string;
  readonly count?: number;
}

const COLUMNS: ReadonlyArray<IColumn<IRow>> = [
  { title: 'name', value: ({ name }) => name, shrink: true },
  { title: 'n', value: ({ count }) => count, align: 'right' },
];

test('columns are aligned; what is absent is a dash; nothing is cut unless it must be', () => {
  const rows = [{ name: 'a', count: 12_345 }, { name: 'longer name' }];
  assert.equal(table(rows, COLUMNS), 'name             n\na            12345\nlonger name      -');
  assert.equal(table(rows, COLUMNS, { width: 16 }), 'name           n\na          12345\nlonger n…      -');
  assert.equal(table(rows, COLUMNS, { width: 3 }).split('\n')[2], 'longer …      -', 'columns keep what can be read');
});

test('control characters of a cell do not reach the terminal', () => {
  assert.equal(
    table([{ name: '\u001b[2J\r\nx\u202e\u009b' }], COLUMNS).split('\n')[1],
    '\ufffd[2J\ufffd\ufffdx\ufffd\ufffd  -',
  );
});

test('colours are for terminals of people who want them', () => {
  const out = { isTTY: true } as never;
  assert.equal(painterFor({ out, env: {} })('red', 'x'), '\u001b[31mx\u001b[39m');
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.equal(painterFor({ out, env })('red', 'x'), 'x');
  assert.equal(painterFor({ out: {} as never, env: {} })('red', 'x'), 'x');
});

test('times and sizes', () => {
  const durations = [0, 999, 1_000, 9_949, 59_999, 60_000, 3_599_499, 3_600_000, 90_000_000, -5_000].map(
    formatDuration,
  );
  assert.deepEqual(durations, ['0ms', '999ms', '1.0s', '9.9s', '1m', '1m', '59m 59s', '1h', '1d 1h', '-5.0s']);
  assert.deepEqual([0, 1_023, 1_024, 1_572_864, 2 ** 60].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '1024.0 PiB',
  ]);
  assert.deepEqual(
    ['500ms', '60s', '5m', '2h', '90d'].map(parseDuration),
    [500, 60_000, 300_000, 7_200_000, 7_776_000_000],
  );
  for (const text of ['0s', '60', '-1s', '1w', '']) assert.throws(() => parseDuration(text), /Expected a time/);
});

test('a long plan tells its first differences and counts the others', () => {
  const differences = Array.from({ length: 150 }, (_, at) => ({
    path: `p${at}`,
    kind: 'added' as const,
    after: 'x'.repeat(500),
  }));
  const effects = {
    portsOpened: [],
    portsClosed: [],
    namesLost: [],
    namesGained: [],
    certificatesNeeded: [],
    needsRestart: ['dns.port'],
    warnings: ['look'],
  };
  const lines = planText({ differences, effects }, plainPaint).split('\n');
  assert.deepEqual(lines.slice(100), [
    'and 50 more differences',
    'in effect after a restart: dns.port',
    'warning: look',
  ]);
  assert.ok(lines.every((line) => line.length < 200));
});
