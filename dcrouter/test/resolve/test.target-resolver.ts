// Names of targets: kept for exactly their TTL, asked for once, and used beyond it only while nobody answers.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { resolveLimits } from '../../ts/resolve/limits.ts';
import { TargetResolver, type INameListener, type ITargetResolverOptions } from '../../ts/resolve/target-resolver.ts';
import { authority, optionsFor, type IAuthority } from './authority.ts';

interface IScene {
  readonly resolver: TargetResolver;
  /** The clock, ms. */
  readonly clock: { ms: number };
  /** Addresses that are known without asking. */
  readonly known: (name: string, service?: boolean) => readonly string[] | null;
}

function resolverFor(
  t: TestContext,
  served: IAuthority,
  more: Partial<ITargetResolverOptions> = {},
  listener: INameListener = {},
): IScene {
  const clock = { ms: 1_000 };
  const resolver = new TargetResolver(optionsFor(served.address, more), listener, () => clock.ms);
  t.after(() => resolver.destroy());
  const known = (name: string, service = false) =>
    resolver.peek(`${name}.example.test`, service)?.flatMap(({ addresses }) => addresses) ?? null;
  return { resolver, clock, known };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an answer is known for exactly its TTL', async (t) => {
  const served = await authority(t, [['app', 'A', 5, '192.0.2.1']]);
  const { resolver, clock, known } = resolverFor(t, served);
  assert.equal(known('app'), null);
  await resolver.resolve('app.example.test', false);
  clock.ms += 4_999.9;
  assert.deepEqual(known('app'), ['192.0.2.1']);
  resolver.flush();
  await resolver.resolve('app.example.test', false);
  clock.ms += 5_000;
  assert.equal(known('app'), null);
});

test('a name in use is asked for again before its TTL ends; the new answer counts at once', async (t) => {
  const served = await authority(t, [['app', 'A', 5, '192.0.2.1']]);
  const moved: string[] = [];
  const { resolver, clock, known } = resolverFor(t, served, {}, { onMoved: (name) => moved.push(name) });
  await resolver.resolve('app.example.test', false);
  const asked = served.queries();
  served.set('app', 'A', 5, '192.0.2.2');
  clock.ms += 3_999;
  assert.deepEqual(known('app'), ['192.0.2.1']);
  await turn();
  assert.equal(served.queries(), asked, 'too early to ask');
  clock.ms += 1;
  const before = resolver.peek('app.example.test', false);
  while (moved.length === 0) await turn();
  assert.deepEqual(known('app'), ['192.0.2.2']);
  assert.notEqual(resolver.peek('app.example.test', false), before);
  assert.deepEqual(moved, ['app.example.test']);
  // The same answer again is the same list: that is how pools see that nothing has changed.
  const list = resolver.peek('app.example.test', false);
  clock.ms += 4_000;
  resolver.peek('app.example.test', false);
  while (resolver.stats().names[0]!.expiresInMs < 5_000) await turn();
  assert.equal(resolver.peek('app.example.test', false), list);
  assert.equal(resolver.stats().changes, 1);
});

test('many who ask at once ask once, for both families in parallel', async (t) => {
  const served = await authority(t, [
    ['app', 'A', 5, '192.0.2.1'],
    ['app', 'AAAA', 5, '2001:db8::1'],
  ]);
  const { resolver, known } = resolverFor(t, served, { family: 'ipv6' });
  await Promise.all(Array.from({ length: 200 }, () => resolver.resolve('App.Example.Test.', false)));
  assert.equal(served.queries(), 2);
  assert.deepEqual(known('app'), ['2001:db8::1', '192.0.2.1']);
  assert.equal(resolver.stats().queries, 1);
});

test('aliases are followed, and hold as long as their shortest link', async (t) => {
  const served = await authority(t, [
    ['www', 'CNAME', 3, 'app.example.test'],
    ['app', 'A', 60, '192.0.2.1'],
  ]);
  const { resolver, clock, known } = resolverFor(t, served);
  await resolver.resolve('www.example.test', false);
  assert.deepEqual(known('www'), ['192.0.2.1']);
  clock.ms += 3_000;
  assert.equal(known('www'), null);
});

test('the bounds of the TTL hold', async (t) => {
  const served = await authority(t, [
    ['short', 'A', 0, '192.0.2.1'],
    ['long', 'A', 86_400, '192.0.2.2'],
  ]);
  const { resolver, clock, known } = resolverFor(t, served, {
    minTtlSeconds: 2,
    maxTtlSeconds: 10,
    family: 'ipv4-only',
  });
  for (const name of ['short', 'long']) await resolver.resolve(`${name}.example.test`, false);
  clock.ms += 1_500;
  assert.deepEqual(known('short'), ['192.0.2.1']);
  clock.ms += 500;
  assert.equal(known('short'), null);
  clock.ms += 7_999;
  assert.deepEqual(known('long'), ['192.0.2.2']);
});

test('a name that does not exist is remembered as such, and takes the place of what was known', async (t) => {
  const served = await authority(t, [['app', 'A', 5, '192.0.2.1']]);
  const { resolver, clock, known } = resolverFor(t, served);
  await resolver.resolve('app.example.test', false);
  served.set('app', 'A', 5);
  clock.ms += 5_000;
  await assert.rejects(resolver.resolve('app.example.test', false), { code: 'ENOTFOUND' });
  assert.equal(known('app'), null, 'no stale address of a name that is gone');
  const asked = served.queries();
  // The SOA's minimum is 2 s.
  clock.ms += 1_999;
  await assert.rejects(resolver.resolve('app.example.test', false), { code: 'ENOTFOUND' });
  assert.equal(served.queries(), asked);
  served.set('app', 'A', 5, '192.0.2.9');
  clock.ms += 1;
  await resolver.resolve('app.example.test', false);
  assert.deepEqual(known('app'), ['192.0.2.9']);
});

test('while no resolver answers the last answer serves, for a time, and nobody waits for it twice', async (t) => {
  const served = await authority(t, [['app', 'A', 5, '192.0.2.1']]);
  const failed: boolean[] = [];
  const listener = { onFailed: (_name: string, _error: Error, stale: boolean) => failed.push(stale) };
  const { resolver, clock, known } = resolverFor(t, served, { staleSeconds: 60, timeoutMs: 200 }, listener);
  await resolver.resolve('app.example.test', false);
  await served.stop();
  clock.ms += 5_000;
  assert.equal(known('app'), null, 'first the resolver is asked');
  const [endpoint] = await resolver.resolve('app.example.test', false);
  assert.deepEqual(endpoint!.addresses, ['192.0.2.1']);
  assert.deepEqual(failed, [true]);
  assert.deepEqual(known('app'), ['192.0.2.1'], 'from now on without waiting');
  const [status] = resolver.stats().names;
  assert.equal(status!.stale, true);
  assert.equal(status!.staleUses, 2);
  assert.ok(status!.lastError);
  await served.restart();
  // Other resolvers are configured, and what is known stays.
  resolver.configure(optionsFor(served.address, { timeoutMs: 200 }));
  served.set('app', 'A', 5, '192.0.2.2');
  clock.ms += resolveLimits.failureMs;
  assert.deepEqual(known('app'), ['192.0.2.1'], 'asks behind our back');
  while (resolver.stats().names[0]!.stale) await turn();
  assert.deepEqual(known('app'), ['192.0.2.2']);
  await served.stop();
  clock.ms += 65_000;
  await assert.rejects(resolver.resolve('app.example.test', false));
  assert.equal(known('app'), null, 'not for ever');
});

test('a service is its servers with their addresses; those without one are left out', async (t) => {
  const served = await authority(t, [
    ['_http._tcp.app', 'SRV', 30, { priority: 2, weight: 10, port: 8080, target: 'b.example.test' }],
    ['_http._tcp.app', 'SRV', 30, { priority: 1, weight: 60, port: 8081, target: 'a.example.test' }],
    ['_http._tcp.app', 'SRV', 30, { priority: 1, weight: 30, port: 8082, target: 'gone.example.test' }],
    ['a', 'A', 10, '192.0.2.1'],
    ['b', 'A', 20, '192.0.2.2'],
    ['_none._tcp.app', 'SRV', 30, { priority: 0, weight: 0, port: 0, target: '.' }],
  ]);
  const { resolver, clock } = resolverFor(t, served, { family: 'ipv4-only' });
  assert.deepEqual(await resolver.resolve('_http._tcp.app.example.test', true), [
    { name: 'a.example.test', addresses: ['192.0.2.1'], port: 8081, priority: 1, weight: 60 },
    { name: 'b.example.test', addresses: ['192.0.2.2'], port: 8080, priority: 2, weight: 10 },
  ]);
  await assert.rejects(resolver.resolve('_none._tcp.app.example.test', true), /is not offered/);
  served.set('gone', 'A', 10, '192.0.2.3');
  clock.ms += 2_000;
  const servers = await resolver.resolve('_http._tcp.app.example.test', true);
  assert.deepEqual(
    servers.map(({ name }) => name),
    ['a.example.test', 'gone.example.test', 'b.example.test'],
  );
});

test('names are bounded: the one unused for longest goes, and is counted', async (t) => {
  const served = await authority(t, [
    ['one', 'A', 60, '192.0.2.1'],
    ['two', 'A', 60, '192.0.2.2'],
    ['three', 'A', 60, '192.0.2.3'],
  ]);
  const bound = resolveLimits.namesMax;
  Object.assign(resolveLimits, { namesMax: 2 });
  t.after(() => Object.assign(resolveLimits, { namesMax: bound }));
  const { resolver, known } = resolverFor(t, served);
  for (const name of ['one', 'two']) await resolver.resolve(`${name}.example.test`, false);
  assert.ok(known('one'));
  await resolver.resolve('three.example.test', false);
  assert.deepEqual([known('one'), known('two')], [['192.0.2.1'], null]);
  assert.equal(resolver.stats().evictions, 1);
});
