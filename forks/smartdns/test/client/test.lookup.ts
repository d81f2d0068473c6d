// dns.lookup() semantics over our own resolution, and its use by Node's modules.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, LookupFunction } from 'node:net';
import { test } from 'node:test';
import { Smartdns, orderServices } from '#client';
import type { ILookupAddress, ILookupOptions, IServiceTarget, TLookupFunction } from '#client';
import { rcodes } from '#wire';
import { record, zoneAnswer } from './fakeserver.ts';
import { atEnd, resolverFor, serve } from './support.ts';

const zone = [
  record('both.test', 'A', '127.0.0.1'),
  record('both.test', 'A', '192.0.2.2'),
  record('both.test', 'AAAA', '::1'),
  record('four.test', 'A', '192.0.2.4'),
  record('six.test', 'AAAA', '2001:db8::6'),
  record('alias.test', 'CNAME', 'both.test'),
];

interface IOutcome {
  readonly error: NodeJS.ErrnoException | null;
  readonly address: string | ILookupAddress[];
  readonly family: number | undefined;
}

function call(lookup: TLookupFunction, name: string, options?: ILookupOptions | number): Promise<IOutcome> {
  return new Promise((resolve) => {
    const done = (error: NodeJS.ErrnoException | null, address: string | ILookupAddress[], family?: number): void =>
      resolve({ error, address, family });
    if (options === undefined) lookup(name, done);
    else lookup(name, options, done);
  });
}

async function zoneLookup(order: 'ipv4first' | 'ipv6first' = 'ipv4first'): Promise<TLookupFunction> {
  const server = await serve({ answer: zoneAnswer(zone) });
  return resolverFor(server).lookup({ order });
}

test('one address, by family or by order', async () => {
  const lookup = await zoneLookup();
  const cases: ReadonlyArray<[string, ILookupOptions | number | undefined, string, number]> = [
    ['both.test', undefined, '127.0.0.1', 4],
    ['both.test', {}, '127.0.0.1', 4],
    ['both.test', 6, '::1', 6],
    ['both.test', { family: 'IPv6' }, '::1', 6],
    ['both.test', { family: 4 }, '127.0.0.1', 4],
    ['both.test', { order: 'ipv6first' }, '::1', 6],
    ['both.test', { verbatim: false }, '127.0.0.1', 4],
    ['six.test', undefined, '2001:db8::6', 6],
    ['192.0.2.77', undefined, '192.0.2.77', 4],
    ['2001:db8::77', 4, '2001:db8::77', 6],
    ['app.localhost', 4, '127.0.0.1', 4],
  ];
  for (const [name, options, address, family] of cases) {
    const outcome = await call(lookup, name, options);
    assert.deepEqual(outcome, { error: null, address, family }, `${name} ${JSON.stringify(options)}`);
  }
});

test('all addresses as a list', async () => {
  const lookup = await zoneLookup();
  const all = await call(lookup, 'both.test', { all: true });
  assert.deepEqual(all.address, [
    { address: '127.0.0.1', family: 4 },
    { address: '192.0.2.2', family: 4 },
    { address: '::1', family: 6 },
  ]);
  assert.equal(all.family, undefined);
  const six = await call(lookup, 'both.test', { all: true, order: 'ipv6first' });
  assert.equal((six.address as ILookupAddress[])[0]?.address, '::1');
});

test('V4MAPPED and ALL as getaddrinfo has them', async () => {
  const lookup = await zoneLookup();
  const mapped = { family: 6, hints: dns.V4MAPPED, all: true };
  assert.deepEqual((await call(lookup, 'four.test', mapped)).address, [{ address: '::ffff:192.0.2.4', family: 6 }]);
  assert.deepEqual((await call(lookup, 'both.test', mapped)).address, [{ address: '::1', family: 6 }]);
  const every = await call(lookup, 'both.test', { ...mapped, hints: dns.V4MAPPED | dns.ALL });
  assert.equal((every.address as ILookupAddress[]).length, 3);
  const none = await call(lookup, 'four.test', { family: 6 });
  assert.equal(none.error?.code, 'ENOTFOUND');
});

test('errors: ENOTFOUND for nothing, the resolver’s code for a failure, and one family’s failure hides nothing', async () => {
  const lookup = await zoneLookup();
  const { error, address } = await call(lookup, 'nothing.test');
  assert.deepEqual([error?.code, error?.syscall, address], ['ENOTFOUND', 'getaddrinfo', '']);
  assert.deepEqual((await call(lookup, 'nothing.test', { all: true })).address, []);
  const server = await serve({
    answer: ({ name, type }) =>
      type === 'AAAA' || name.toLowerCase() === 'broken.test'
        ? { rcode: rcodes.SERVFAIL }
        : { answers: [record(name, 'A', '192.0.2.1')] },
  });
  const partly = resolverFor(server, { cache: false }).lookup();
  assert.equal((await call(partly, 'www.test')).address, '192.0.2.1');
  assert.equal((await call(partly, 'broken.test')).error?.code, 'ESERVFAIL');
  assert.equal((await call(partly, 'a..b')).error?.code, 'EBADNAME');
});

test('argument mistakes throw at once', async () => {
  const lookup = await zoneLookup();
  const nothing = (): void => undefined;
  assert.throws(() => lookup('both.test', { family: 5 }, nothing), TypeError);
  assert.throws(() => lookup('both.test', { hints: 1 << 20 }, nothing), TypeError);
  assert.throws(() => (lookup as unknown as (name: string) => void)('both.test'), TypeError);
});

test('net.connect, http.get and fetch find their host by it', async () => {
  const web = createServer((request, response) => response.end(request.headers.host));
  const plain = createTcpServer((socket) => socket.end('hello'));
  for (const server of [web, plain]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    atEnd(() => new Promise((resolve) => server.close(resolve)));
  }
  const server = await serve({ answer: zoneAnswer(zone) });
  const smartdns = new Smartdns({ strategy: 'udp', resolvers: { udp: [server.address] } });
  atEnd(() => smartdns.destroy());
  const lookup = smartdns.lookup() as LookupFunction;
  const { port } = plain.address() as AddressInfo;
  const socket = connect({ host: 'alias.test', port, lookup });
  const [hello] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(hello), 'hello');
  socket.destroy();
  const webPort = (web.address() as AddressInfo).port;
  const request = get({ host: 'both.test', port: webPort, lookup, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(String(Buffer.concat(await response.toArray())), `both.test:${webPort}`);
});

test('services: lowest priority first, within one priority by weight', () => {
  const target = (name: string, priority: number, weight: number): IServiceTarget => ({
    target: name,
    port: 1,
    priority,
    weight,
    ttl: 1,
  });
  const targets = [target('b', 20, 0), target('heavy', 10, 90), target('light', 10, 10), target('never', 10, 0)];
  // A fixed sequence of "random" numbers: a linear congruential generator, seed 1.
  let state = 1;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  const first: Record<string, number> = {};
  for (let at = 0; at < 2_000; at += 1) {
    const ordered = orderServices(targets, random);
    assert.equal(ordered.length, 4);
    assert.equal(ordered[3]?.target, 'b');
    const [{ target: name } = target('', 0, 0)] = ordered;
    first[name] = (first[name] ?? 0) + 1;
  }
  assert.ok(first['heavy']! > 1_700 && first['heavy']! < 1_880, JSON.stringify(first));
  assert.ok(first['never']! < 60, JSON.stringify(first));
});

test('a service that is declared absent has no servers (RFC 2782)', async () => {
  const server = await serve({
    answer: ({ name }) => ({ answers: [record(name, 'SRV', { priority: 0, weight: 0, port: 0, target: '.' })] }),
  });
  const resolver = resolverFor(server);
  assert.deepEqual(await resolver.resolveService('_imap', '_tcp', 'test'), []);
  assert.equal(server.queries[0]?.name.toLowerCase(), '_imap._tcp.test');
});
