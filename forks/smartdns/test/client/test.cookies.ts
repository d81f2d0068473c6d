// DNS cookies (RFC 7873) and extended errors (RFC 8914): what EDNS options of a reply do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ednsOptions, rcodes } from '#wire';
import type { IEdns } from '#wire';
import { answerPacket, record } from './fakeserver.ts';
import type { IFakeQuery } from './fakeserver.ts';
import { failureOf, resolverFor, serve } from './support.ts';

const serverHalf = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');

function cookieOf(query: IFakeQuery): Buffer | undefined {
  return query.message.edns?.options.find((option) => option.code === ednsOptions.COOKIE)?.data;
}

function ednsWith(code: number, data: Buffer): IEdns {
  return { udpPayloadSize: 1232, version: 0, dnssecOk: false, options: [{ code, data }] };
}

function cookie(...parts: Buffer[]): IEdns {
  return ednsWith(ednsOptions.COOKIE, Buffer.concat(parts));
}

test('our half goes out with every query, and the server’s half comes back to it', async () => {
  const server = await serve({
    answer: (query) => ({
      answers: [record(query.name, 'A', '192.0.2.1')],
      edns: cookie(cookieOf(query)!.subarray(0, 8), serverHalf),
    }),
  });
  const resolver = resolverFor(server, { cache: false });
  await resolver.resolve('a.test');
  await resolver.resolve('b.test');
  const [first, second] = server.queries.map(cookieOf);
  assert.equal(first!.length, 8);
  assert.deepEqual(second, Buffer.concat([first!, serverHalf]));
  const other = resolverFor(server, { cache: false });
  await other.resolve('c.test');
  assert.notDeepEqual(cookieOf(server.queries[2]!), first);
});

test('a reply with another cookie is a forgery: it is skipped', async () => {
  const server = await serve({
    noTcp: true,
    answer: (query) => [
      answerPacket(query, {
        answers: [record(query.name, 'A', '192.0.2.66')],
        edns: cookie(Buffer.alloc(8), serverHalf),
      }),
      answerPacket(query, { answers: [record(query.name, 'A', '192.0.2.66')], edns: cookie(Buffer.alloc(3)) }),
      answerPacket(query, { answers: [record(query.name, 'A', '192.0.2.1')], edns: cookie(cookieOf(query)!) }),
    ],
  });
  const resolver = resolverFor(server);
  assert.equal((await resolver.resolve('www.test')).records[0]?.data, '192.0.2.1');
  assert.equal(resolver.stats.snapshot().upstreams[0]!.bogusReplies['cookie'], 2);
});

test('a reply without cookie from a server that had one is checked over TCP', async () => {
  let withCookie = true;
  const server = await serve({
    answer: (query) => {
      const answers = [record(query.name, 'A', query.source === 'udp' && !withCookie ? '192.0.2.66' : '192.0.2.1')];
      const edns = withCookie ? cookie(cookieOf(query)!.subarray(0, 8), serverHalf) : undefined;
      return { answers, edns };
    },
  });
  const resolver = resolverFor(server, { cache: false });
  await resolver.resolve('a.test');
  withCookie = false;
  const checked = await resolver.resolve('b.test');
  assert.deepEqual([checked.records[0]?.data, checked.fromTcp], ['192.0.2.1', true]);
  assert.equal(
    (await resolver.resolve('c.test')).fromTcp,
    false,
    'it is taken as a server without cookies from then on',
  );
});

test('BADCOOKIE is answered with the cookie that it brought, and with TCP when that does not help', async () => {
  let stubborn = false;
  const server = await serve({
    answer: (query) => {
      const data = cookieOf(query);
      const known = data !== undefined && data.length > 8 && !stubborn;
      if (query.source === 'tcp' || known) return { answers: [record(query.name, 'A', '192.0.2.1')] };
      return { rcode: rcodes.BADCOOKIE, edns: cookie(data!.subarray(0, 8), serverHalf) };
    },
  });
  const first = await resolverFor(server).resolve('www.test');
  assert.deepEqual([first.records.length, server.count('udp'), server.count('tcp')], [1, 2, 0]);
  stubborn = true;
  const second = await resolverFor(server).resolve('www.test');
  assert.deepEqual([second.fromTcp, server.count('udp')], [true, 4]);
});

test('cookies: false sends none', async () => {
  const server = await serve({ answer: (query) => ({ answers: [record(query.name, 'A', '192.0.2.1')] }) });
  await resolverFor(server, { cookies: false }).resolve('www.test');
  assert.equal(cookieOf(server.queries[0]!), undefined);
});

test('a resolver’s own reason for SERVFAIL is part of the error', async () => {
  const data = Buffer.concat([Buffer.from([0, 6]), Buffer.from('signature expired\0')]);
  const server = await serve({
    answer: () => ({ rcode: rcodes.SERVFAIL, edns: ednsWith(ednsOptions.EXTENDED_ERROR, data) }),
  });
  const error = await failureOf(resolverFor(server).resolve('bogus.test'));
  assert.deepEqual([error.code, error.rcode], ['ESERVFAIL', 'SERVFAIL']);
  assert.deepEqual(error.extendedErrors, [{ infoCode: 6, text: 'signature expired' }]);
  assert.match(error.message, /EDE 6 signature expired/);
});
