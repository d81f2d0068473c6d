// Whatever is written, it is compiled or refused as a rule: no other error, no hang.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RulesError } from '../../ts/rules/compile.ts';
import { check } from '../../ts/rules/lang/check.ts';
import { RuleError } from '../../ts/rules/lang/error.ts';
import { FIELDS, FUNCTIONS } from '../../ts/rules/lang/fields.ts';
import { parse } from '../../ts/rules/lang/parse.ts';
import { decide, ruleSet } from './rules.ts';
import { Random } from './random.ts';

const OPERATORS =
  'and or not in like under matches starts_with contains true false && || ! == != < <= > >= ( ) [ ] , = @office @';
const LITERALS = `"a" '*.b' "(a+)+$" "10s" 1 -5 10s 64kB 10.0.0.0/8 ::1 2001:db8::/32 " \\ 1.2.3 ::: # é \u0000`;
const WORDS = [...Object.keys(FIELDS), ...Object.keys(FUNCTIONS), ...OPERATORS.split(' '), ...LITERALS.split(' ')];
const CONTEXT = { lists: new Map(), tagIndex: () => 0, counterSlot: () => 0 };

test('20,000 soups of words throw nothing but RuleError', () => {
  const seed = 4_711;
  const random = new Random(seed);
  let accepted = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const glue = random.pick(['', ' ']);
    const source = random.some(1 + random.below(12), () => random.pick(WORDS)).join(glue);
    try {
      check(parse(source), CONTEXT);
      accepted += 1;
    } catch (error) {
      assert.ok(error instanceof RuleError, `seed ${seed}, ${JSON.stringify(source)}: ${String(error)}`);
    }
  }
  assert.ok(accepted > 50, `only ${accepted} were expressions: the soup is too thin`);
});

test('5,000 random texts throw nothing but RuleError', () => {
  const random = new Random(99);
  for (let round = 0; round < 5_000; round += 1) {
    const source = String.fromCharCode(...random.some(random.below(60), () => random.below(0x250)));
    try {
      check(parse(source), CONTEXT);
    } catch (error) {
      assert.ok(error instanceof RuleError, `${JSON.stringify(source)}: ${String(error)}`);
    }
  }
});

test('2,000 mangled good expressions compile and decide, or are refused', () => {
  const random = new Random(12);
  const good = [
    'http.host like "*.a.test" and (client.ip in [10.0.0.0/8, ::1] or http.header("x") matches "^a+$")',
    'count(http.path under "/login", client.ip, "1m") > 5 and not tag("trusted")',
    'dns.qname under "a.test" and dns.qtype in ["A", "AAAA"] or time.hour >= 8',
  ];
  for (let round = 0; round < 2_000; round += 1) {
    const source = random.pick(good).split('');
    for (let turn = 0; turn < 1 + random.below(4); turn += 1) {
      source.splice(random.below(source.length), random.below(3), random.pick('"()[]@.,<>=! a1:/\\'.split('')));
    }
    const when = source.join('');
    try {
      const set = ruleSet([{ when }]);
      decide(set, { client: { ip: '10.0.0.1' }, http: { host: 'x.a.test', path: '/login' } });
      decide(set, { dns: { qname: 'x.a.test', qtype: 'A' } });
    } catch (error) {
      assert.ok(error instanceof RulesError, `${JSON.stringify(when)}: ${String(error)}`);
    }
  }
});
