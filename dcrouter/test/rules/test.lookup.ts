// The look-up of rules that may match changes nothing but the time: what it decides is what asking all of them decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IFactsInput } from '../../ts/rules/types.ts';
import { Candidates } from '../../ts/rules/candidates.ts';
import { keysOf } from '../../ts/rules/keys.ts';
import { factsOf } from '../../ts/rules/input.ts';
import { Random } from './random.ts';
import { decide, ruleSet, TestClock, type INotation, type TAction } from './rules.ts';

const NAMES = ['a.test', 'www.a.test', 'x.www.a.test', 'b.test', 'c.b.test', 'test', 'aa.test'];
const PATHS = ['/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/api/v1', '/api'];
const NETWORKS = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '0.0.0.0/0', '2001:db8::/32', '::1', '192.168.1.128/25'];
const ADDRESSES = ['10.1.2.3', '10.2.0.1', '192.168.1.200', '192.168.1.5', '2001:db8::5', '::1', '::ffff:10.1.2.3'];
const METHODS = ['GET', 'POST'];

function condition(random: Random, depth = 0): string {
  const quoted = (list: readonly string[]): string => `"${random.pick(list)}"`;
  const listed = (list: readonly string[]): string => `[${quoted(list)}, ${quoted(list)}]`;
  const name = (): string => random.pick(['http.host', 'dns.qname', 'tls.sni']);
  const leaves: Array<() => string> = [
    () => `${name()} == ${quoted(NAMES)}`,
    () => `${name()} in ${listed(NAMES)}`,
    () => `${name()} under ${quoted(NAMES)}`,
    () => `${name()} like "*.${random.pick(NAMES)}"`,
    () => `${name()} like "${random.pick(NAMES)}"`,
    () => `${name()} ends_with ".${random.pick(NAMES)}"`,
    () => `${name()} in @mixed`,
    () => `${name()} != ${quoted(NAMES)}`,
    () => `http.path == ${quoted(PATHS)}`,
    () => `http.path under ${quoted(PATHS)}`,
    () => `http.path starts_with ${quoted(PATHS)}`,
    () => `http.path like "${random.pick(PATHS)}*"`,
    () => `http.path contains ${quoted(PATHS)}`,
    () => `http.method == ${quoted(METHODS)}`,
    () => `client.ip in ${random.pick(NETWORKS)}`,
    () => `client.ip in [${random.pick(NETWORKS)}, ${random.pick(NETWORKS)}]`,
    () => `client.ip not in ${random.pick(NETWORKS)}`,
    () => 'client.ip in @nets',
    () => `conn.port in [80, ${random.pick(['443', '8080'])}]`,
    () => `conn.port == 443`,
    () => `dns.qtype == ${quoted(['A', 'AAAA'])}`,
    () => `tag("t${random.below(3)}")`,
    () => `client.rate("1m") > ${random.below(40)}`,
    () => `count(http.method == "POST", client.ip, "1m") > ${random.below(20)}`,
    () => `route.name == ${quoted(['web', 'api'])}`,
  ];
  const choice = depth > 2 ? 9 : random.below(10);
  const parts = (): string[] => random.some(2 + random.below(2), () => condition(random, depth + 1));
  if (choice < 2) return `(${parts().join(' and ')})`;
  if (choice < 4) return `(${parts().join(' or ')})`;
  if (choice < 5) return `not (${condition(random, depth + 1)})`;
  return random.pick(leaves)();
}

const ACTIONS: readonly TAction[] = [
  { type: 'deny' },
  { type: 'allow' },
  { type: 'tag', tag: 't0' },
  { type: 'tag', tag: 't1' },
  { type: 'tag', tag: 't2' },
  { type: 'log' },
  { type: 'rate-limit', count: 3, window: '1m' },
];

function facts(random: Random): IFactsInput {
  const client = random.below(8) === 0 ? {} : { ip: random.pick(ADDRESSES) };
  const conn = { port: random.pick([80, 443, 8080]), protocol: 'http' };
  const tls = random.below(2) === 0 ? undefined : { sni: random.pick(NAMES) };
  const choice = random.below(3);
  if (choice === 0) return { stage: 'connection', client, conn, ...(tls && { tls }) };
  if (choice === 1) return { client, dns: { qname: random.pick(NAMES), qtype: random.pick(['A', 'AAAA', 'MX']) } };
  const http = { method: random.pick(METHODS), host: random.pick(NAMES), path: random.pick(PATHS) };
  return { client, conn, http, ...(tls && { tls }), route: { name: random.pick(['web', 'api']) } };
}

/** Rules that can be used: some random ones name what is never known together. */
function randomRules(random: Random, count: number): INotation[] {
  const rules: INotation[] = [];
  while (rules.length < count) {
    const rule = { when: condition(random), action: random.pick(ACTIONS), priority: random.below(3) };
    try {
      ruleSet([rule], { lists: LISTS });
      rules.push(rule);
    } catch {
      // Another one.
    }
  }
  return rules.map((rule, at) => ({ ...rule, name: `rule ${at}` }));
}

const LISTS = { mixed: ['a.test', '*.b.test'], nets: ['10.1.0.0/16', '2001:db8::/32'] };

test('with and without look-up 150 random sets decide 150 random events each alike, hits and counts included', () => {
  const seed = 31_337;
  const random = new Random(seed);
  let decided = 0;
  for (let round = 0; round < 150; round += 1) {
    const rules = randomRules(random, 1 + random.below(70));
    const clock = new TestClock();
    const indexed = ruleSet(rules, { lists: LISTS }, { clock });
    const naive = ruleSet(rules, { lists: LISTS }, { clock, indexed: false });
    for (let turn = 0; turn < 150; turn += 1) {
      clock.atMs += random.below(2_000);
      const input = facts(random);
      const [ours, theirs] = [decide(indexed, input), decide(naive, input)];
      const told = `seed ${seed}, round ${round}, ${JSON.stringify(input)}`;
      assert.equal(ours.rule, theirs.rule, told);
      assert.equal(ours.decision, theirs.decision, told);
      assert.deepEqual(indexed.tagsOf(ours.facts), naive.tagsOf(theirs.facts), told);
      if (ours.rule !== undefined) decided += 1;
    }
    const hits = (set: typeof indexed): number[] => set.ordered.map((rule) => rule.hits);
    assert.deepEqual(hits(indexed), hits(naive), `seed ${seed}, round ${round}`);
  }
  assert.ok(decided > 5_000, `only ${decided} events were decided`);
});

test('of a thousand rules on names, networks and paths a few are asked', () => {
  const rules = Array.from({ length: 1_000 }, (_, at): INotation => {
    const kind = at % 4;
    if (kind === 0) return { when: `http.host == "h${at}.test" and http.path under "/x"` };
    if (kind === 1) return { when: `http.host under "d${at}.test"` };
    if (kind === 2) return { when: `client.ip in 10.${at >> 8}.${at & 255}.0/24 and http.method == "POST"` };
    return { when: `http.path under "/p${at}" and http.header("x-a") == "1"` };
  });
  const set = ruleSet(rules);
  const candidates = new Candidates(set.ordered.map((rule) => keysOf(rule.typed)));
  const input = { client: { ip: '10.0.2.9' }, http: { host: 'h0.test', path: '/p3/y' } };
  const words = candidates.find(factsOf(input, set));
  const asked = set.ordered.filter((_, at) => (words[at >>> 5]! & (1 << (at & 31))) !== 0);
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['r0', 'r2', 'r3'],
  );
});
