// Rules from the command: made, ordered, tried with facts, and why they decided so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../api/world.ts';
import { call } from './command.ts';

test('rules: add, list in their order, reorder, test with facts, remove', async (t) => {
  const { base: url } = await startWorld(t, { more: 'rules: { record: 10 }\n' });
  const admin = [
    'rules',
    'add',
    'admin',
    '--when',
    'http.path starts_with "/admin"',
    '--action',
    '{ type: deny, status: 404 }',
  ];
  const added = await call([...admin, '--priority', '-5'], { url });
  assert.equal(added.code, 0, added.err);
  const all = await call(
    ['rules', 'add', 'late', '--when', 'http.method == "GET"', '--action', 'allow', '--priority', '-9'],
    { url },
  );
  assert.equal(all.code, 0, all.err);
  const order = async (): Promise<string[]> =>
    [...(await call(['rules', 'list'], { url })).out.matchAll(/^ +\d+ +(\w+) /gm)].map(([, name]) => name!);
  assert.deepEqual(await order(), ['admin', 'late']);
  assert.equal((await call(['rules', 'reorder', 'late', 'admin'], { url })).code, 0);
  assert.deepEqual(await order(), ['late', 'admin']);
  assert.match((await call(['rules', 'get', 'admin'], { url })).out, /^ +priority: 0$/m);
  assert.equal((await call(['rules', 'reorder', 'admin', 'late'], { url })).code, 0);

  const facts = '{ http: { method: GET, path: /admin/users } }';
  const why = await call(['rules', 'test', '--facts', facts], { url });
  assert.equal(why.code, 0, why.err);
  assert.match(why.out, /^rule admin: matches\n└─ http\.path starts_with "\/admin" {2}= true\n/m);
  assert.match(why.out, /^rule late: not asked: an earlier rule had decided$/m);
  assert.match(why.out, /^decision: deny \(decided by admin\)$/m);
  const other = await call(['rules', 'test', '-', '--json'], {
    url,
    input: '{ "http": { "method": "POST", "path": "/" } }',
  });
  const { items } = JSON.parse(other.out) as {
    items: Array<{ explanation: { decision: string; decidedBy?: string } }>;
  };
  assert.deepEqual([items[0]!.explanation.decision, items[0]!.explanation.decidedBy], ['continue', undefined]);
  assert.match((await call(['rules', 'test', '--recorded', '5'], { url })).err, /nothing has been recorded/);

  const wrong = await call(['rules', 'add', 'bad', '--when', 'http.pth == "x"', '--action', 'deny'], { url });
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /\(DCR_CONFIG_INVALID\)\ndcrouter: object rule 'bad'.*http\.pth/);
  assert.equal((await call(['rules', 'remove', 'admin'], { url })).code, 0);
  assert.deepEqual(await order(), ['late']);
});
