// Regular expressions: the same answers as ECMAScript's own for what is allowed, and never any work beyond the text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Automaton } from '../../ts/rules/lang/pattern/automaton.ts';
import { parsePattern, PatternError } from '../../ts/rules/lang/pattern/parse.ts';
import { Pattern } from '../../ts/rules/lang/pattern/pattern.ts';
import { ruleLimits } from '../../ts/rules/limits.ts';
import { Random } from './random.ts';

const ATOMS = ['a', 'b', 'c', '.', '[ab]', '[^a]', '[a-c]', '\\d', '\\w', '\\S', '1', 'B', '\\.', '\\x41', '^', '$'];
const REPEATS = ['', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,3}', '{2,}', '*?', '+?'];
const LETTERS = ['a', 'b', 'c', 'A', 'B', '1', '.', '-', '\n', 'é'];

function randomPattern(random: Random, depth = 0): string {
  const choice = random.below(depth > 3 ? 1 : 8);
  if (choice === 6) return `(${randomPattern(random, depth + 1)})${random.pick(REPEATS)}`;
  if (choice === 7) return `${randomPattern(random, depth + 1)}|${randomPattern(random, depth + 1)}`;
  return random
    .some(1 + random.below(4), () => {
      const atom = random.pick(ATOMS);
      return atom === '^' || atom === '$' ? atom : atom + random.pick(REPEATS);
    })
    .join('');
}

test('10,000 random patterns match 5 random texts each as RegExp does', () => {
  const seed = 20_261_127;
  const random = new Random(seed);
  for (let round = 0; round < 10_000; round += 1) {
    const body = randomPattern(random);
    const ignoreCase = random.below(4) === 0;
    const ours = new Pattern(ignoreCase ? `(?i)${body}` : body);
    const theirs = new RegExp(body, ignoreCase ? 'i' : '');
    for (let turn = 0; turn < 5; turn += 1) {
      const text = random.some(random.below(9), () => random.pick(LETTERS)).join('');
      assert.equal(ours.test(text), theirs.test(text), `seed ${seed}, ${theirs} on ${JSON.stringify(text)}`);
    }
  }
});

test('patterns that ruin backtracking engines take each character once', () => {
  const text = 'a'.repeat(ruleLimits.subjectChars);
  for (const source of ['(a+)+$', '(a|a)*b', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)(.*)(.*)(.*)(.*)x']) {
    const pattern = new Pattern(source);
    const startedMs = performance.now();
    pattern.test(`${text.slice(1)}!`);
    // Backtracking would take longer than the age of the universe; the runner's time-out is the judge.
    assert.ok(performance.now() >= startedMs);
  }
});

test('a pattern with exponentially many sets of states keeps few of them', () => {
  // Whether the 12th character from the end is an a: 2^12 sets.
  const pattern = new Pattern('a.{12}$');
  const random = new Random(7);
  const text = random.some(10_000, () => random.pick(['a', 'b'])).join('');
  assert.equal(pattern.test(text), /a.{12}$/.test(text));
  assert.equal(pattern.test(`${text}a${'b'.repeat(12)}`), true);
});

test('texts beyond the bound never match', () => {
  assert.equal(new Pattern('a').test('a'.repeat(ruleLimits.subjectChars)), true);
  assert.equal(new Pattern('a').test('a'.repeat(ruleLimits.subjectChars + 1)), false);
});

const REFUSED: ReadonlyArray<readonly [string, RegExp, number]> = [
  ['(?=a)', /look-around/, 0],
  ['a(?!b)', /look-around/, 1],
  ['(?<name>a)', /look-around, named groups/, 0],
  ['(a)\\1', /back-references/, 3],
  ['a**', /a repeat of a repeat/, 2],
  ['*a', /repeats nothing/, 0],
  ['^*', /nothing to repeat/, 0],
  ['a{2,1}', /the wrong way round/, 1],
  ['a{101}', /more than 100/, 1],
  ['a{x}', /begins no repeat/, 1],
  ['[a', /not closed/, 0],
  ['[z-a]', /no range/, 1],
  ['[\\d-z]', /no range/, 1],
  ['(a', /not closed/, 0],
  ['a)', /closes nothing/, 1],
  ['\\b', /not supported/, 0],
  ['\\u12', /4 hexadecimal digits/, 0],
  ['\\', /not supported/, 0],
  ['((a{50}){50}){50}', /too big/, 0],
  ['a'.repeat(ruleLimits.patternChars + 1), /characters/, 0],
];

for (const [source, message, at] of REFUSED) {
  test(`${source.slice(0, 20)} is refused`, () => {
    assert.throws(
      () => new Automaton(parsePattern(source)),
      (error: Error) => error instanceof PatternError && message.test(error.message) && error.at === at,
    );
  });
}
