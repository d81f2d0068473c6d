import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minimatch } from 'minimatch';
import { compilePattern } from '#server';

const matches = (pattern: string, name: string): boolean => compilePattern(pattern).some((glob) => glob.matches(name));

const seed = Number(process.env['SEED'] ?? 20_261_121);

/** Mulberry32: small, seeded, good enough to choose test cases. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('a star crosses dots, matches no empty start, and leaves the apex alone', () => {
  assert.equal(matches('*.example.com', 'a.example.com'), true);
  assert.equal(matches('*.example.com', 'a.b.example.com'), true);
  assert.equal(matches('*.example.com', 'example.com'), false);
  assert.equal(matches('*.example.com', '.example.com'), false);
  assert.equal(matches('*', 'anything.test'), true);
  assert.equal(matches('*', ''), false);
});

test('letter case of the pattern does not matter', () => {
  assert.equal(matches('WWW.Example.COM', 'www.example.com'), true);
  assert.equal(matches('*.EXAMPLE.com', 'x.example.com'), true);
});

test('a leading hash never matches, a leading exclamation mark negates', () => {
  assert.equal(matches('#example.com', '#example.com'), false);
  assert.equal(matches('!example.com', 'example.com'), false);
  assert.equal(matches('!example.com', 'example.org'), true);
  assert.equal(matches('!!example.com', 'example.com'), true);
});

const fixed: ReadonlyArray<[pattern: string, names: string[]]> = [
  ['?.example.com', ['a.example.com', 'ab.example.com', '.example.com']],
  ['[ab].example.com', ['a.example.com', 'c.example.com']],
  ['[!ab].example.com', ['a.example.com', 'c.example.com']],
  ['[a-c]x', ['bx', 'dx', '-x']],
  ['[[:digit:]].x', ['1.x', 'a.x']],
  ['{a,b}.example.com', ['a.example.com', 'b.example.com', 'c.example.com']],
  ['{a,b{1..3}}.x', ['a.x', 'b1.x', 'b3.x', 'b4.x']],
  ['host{01..03}.x', ['host01.x', 'host1.x', 'host03.x']],
  ['host{1..9..4}.x', ['host1.x', 'host5.x', 'host4.x']],
  ['{c..a}.x', ['a.x', 'c.x', 'd.x']],
  ['{single}.x', ['{single}.x', 'single.x']],
  ['+(a|b).x', ['a.x', 'ab.x', 'c.x']],
  ['@(a|b).x', ['a.x', 'ab.x']],
  ['?(a).x', ['a.x', 'aa.x', 'b.x']],
  ['*(a|b).x', ['abab.x', 'c.x']],
  ['x!(a|b).x', ['xa.x', 'xc.x', 'xab.x', 'x.x']],
  ['!(a|b).x', ['a.x', 'c.x', 'ab.x']],
  ['web-*.example.com', ['web-1.example.com', 'web-.example.com', 'web.example.com']],
  ['mail*', ['mail', 'mail.example.com', 'xmail']],
  ['*a*b*', ['ab', 'xaxbx', 'ba']],
  ['a\\*b', ['a*b', 'axb']],
  ['**', ['a.b', 'a']],
  ['0/25.*', ['0/25.x', '0/26.x']],
  ['*.arpa', ['0/25.arpa', 'x.arpa']],
  ['_acme-challenge.*', ['_acme-challenge.example.com', 'acme-challenge.example.com']],
];

test('listed patterns decide as minimatch does', () => {
  for (const [pattern, names] of fixed) {
    for (const name of names) {
      assert.equal(matches(pattern, name), minimatch(name, pattern, { nocase: true }), `${pattern} on ${name}`);
    }
  }
});

test(`generated patterns decide as minimatch does (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const pieces = [
    'a',
    'b',
    'ab',
    '*',
    '?',
    '.',
    '.',
    '[ab]',
    '[!a]',
    '{a,b}',
    '{a,b.a}',
    '+(a|b)',
    '@(a|b.)',
    '!(a)',
    '?(b)',
    '-',
    'A',
  ];
  const nameParts = ['a', 'b', 'ab', '.', '.', 'ba', '-', 'aa'];
  let compared = 0;
  for (let round = 0; round < 4_000; round++) {
    const pattern = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(pieces)).join('');
    for (let turn = 0; turn < 5; turn++) {
      const name = Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(nameParts)).join('');
      // No name on the wire starts with a dot.
      if (name.startsWith('.')) {
        continue;
      }
      assert.equal(matches(pattern, name), minimatch(name, pattern, { nocase: true }), `${pattern} on ${name}`);
      compared++;
    }
  }
  assert.ok(compared > 10_000);
});

test('a pattern over its limits is refused with the limit in the message', () => {
  assert.throws(() => compilePattern('a'.repeat(2_000)), /at most 1024/);
  assert.throws(() => compilePattern('{1..99999}'), RangeError);
});

test('a name that makes backtracking explode elsewhere is decided at once', () => {
  const name = `${'a'.repeat(250)}.test`;
  const started = process.cpuUsage();
  assert.equal(matches(`${'*a'.repeat(20)}*b`, name), false);
  const { user } = process.cpuUsage(started);
  assert.ok(user < 200_000, `${user} µs of CPU`);
});
