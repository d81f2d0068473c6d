// What of a reply is believed: only what belongs to the question.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forwarder } from '#client';
import type { IResolution } from '#client';
import { rcodes } from '#wire';
import type { IDnsMessage, IResourceRecord } from '#wire';
import { record, soa } from './fakeserver.ts';
import type { TFakeReply } from './fakeserver.ts';
import { atEnd, codeOf, failureOf, resolverFor, serve } from './support.ts';

/** Resolves `name type` against a server that gives fixed replies by asked name. */
async function ask(
  replies: Readonly<Record<string, Partial<IDnsMessage>>>,
  name: string,
  type = 'A',
): Promise<IResolution> {
  const server = await serve({
    answer: (query): TFakeReply => replies[query.name.toLowerCase()] ?? { rcode: rcodes.REFUSED },
  });
  return resolverFor(server).resolve(name, type, { dnssec: true });
}

function cname(from: string, to: string, ttl?: number): IResourceRecord {
  return record(from, 'CNAME', to, ttl);
}

function rrsig(name: string, typeCovered: string, signerName: string): IResourceRecord {
  return record(name, 'RRSIG', {
    typeCovered,
    algorithm: 13,
    labels: 2,
    originalTtl: 300,
    expiration: 2_000_000_000,
    inception: 1_000_000_000,
    keyTag: 1,
    signerName,
    signature: Buffer.alloc(64),
  });
}

test('records of other names in the answer section are dropped', async () => {
  const answers = [
    record('www.test', 'A', '192.0.2.1'),
    record('bank.example', 'A', '192.0.2.66'),
    cname('x.test', 'y.test'),
  ];
  const result = await ask({ 'www.test': { answers } }, 'www.test');
  assert.deepEqual(
    result.answers.map((entry) => entry.name),
    ['www.test'],
  );
});

test('additional and authority records do not reach the caller of a positive answer', async () => {
  const result = await ask(
    {
      'www.test': {
        answers: [record('www.test', 'A', '192.0.2.1')],
        authorities: [record('com', 'NS', 'ns.evil.example'), soa('com')],
        additionals: [record('ns.evil.example', 'A', '192.0.2.66')],
      },
    },
    'www.test',
  );
  assert.deepEqual([result.answers.length, result.authorities.length], [1, 0]);
});

test('aliases are put in order, whatever order they came in', async () => {
  const answers = [
    record('c.test', 'A', '192.0.2.1', 50),
    cname('b.test', 'c.test', 40),
    rrsig('c.test', 'A', 'test'),
    cname('a.test', 'B.test', 60),
  ];
  const result = await ask({ 'a.test': { answers } }, 'a.test');
  assert.deepEqual(
    result.answers.map((entry) => `${entry.name} ${entry.type}`),
    ['a.test CNAME', 'b.test CNAME', 'c.test A', 'c.test RRSIG'],
  );
  assert.deepEqual([result.canonicalName, result.ttl, result.records.length], ['c.test', 40, 1]);
});

test('an alias whose target is missing is followed by asking', async () => {
  const result = await ask(
    {
      'a.test': { ad: true, answers: [cname('a.test', 'b.other')] },
      'b.other': { ad: false, answers: [cname('b.other', 'c.third'), record('c.third', 'A', '192.0.2.1', 20)] },
    },
    'a.test',
  );
  assert.deepEqual(
    result.answers.map((entry) => entry.name),
    ['a.test', 'b.other', 'c.third'],
  );
  assert.deepEqual([result.ttl, result.canonicalName, result.authenticated], [20, 'c.third', false]);
});

test('an alias whose target the resolver refuses to speak about is given as it is, and not kept', async () => {
  const result = await ask({ 'a.test': { answers: [cname('a.test', 'b.elsewhere')] } }, 'a.test');
  assert.deepEqual([result.answers.length, result.records.length, result.ttl], [1, 0, 0]);
  assert.equal(result.canonicalName, 'b.elsewhere');
});

test('an alias to a name without records of the type is NODATA, not followed', async () => {
  const result = await ask(
    { 'a.test': { answers: [cname('a.test', 'b.test')], authorities: [soa('test')] } },
    'a.test',
  );
  assert.deepEqual(
    [result.rcode, result.records.length, result.ttl, result.canonicalName],
    ['NOERROR', 0, 60, 'b.test'],
  );
});

test('NXDOMAIN behind an alias is told, but not remembered for every type of the asked name', async () => {
  const server = await serve({
    answer: ({ name, type }) =>
      type === 'CNAME'
        ? { answers: [cname(name, 'gone.test')] }
        : { rcode: rcodes.NXDOMAIN, answers: [cname(name, 'gone.test')], authorities: [soa('test')] },
  });
  const resolver = resolverFor(server);
  assert.equal((await resolver.resolve('a.test')).rcode, 'NXDOMAIN');
  assert.equal((await resolver.resolve('a.test')).cached, true);
  const alias = await resolver.resolve('a.test', 'CNAME');
  assert.deepEqual([alias.rcode, alias.records.length], ['NOERROR', 1]);
});

test('loops and endless chains of aliases end with ECNAMELOOP', async () => {
  const server = await serve({
    answer: ({ name }) => {
      const [first = '', ...rest] = name.toLowerCase().split('.');
      if (first === 'self') return { answers: [cname(name, name)] };
      if (first === 'ping') return { answers: [cname(name, 'pong.test')] };
      if (first === 'pong') return { answers: [cname(name, 'ping.test')] };
      if (first === 'circle') return { answers: [cname(name, 'o.test'), cname('o.test', name)] };
      return { answers: [cname(name, `${first}x.${rest.join('.')}`)] };
    },
  });
  const resolver = resolverFor(server);
  for (const name of ['self.test', 'ping.test', 'circle.test', 'endless.test']) {
    assert.equal(await codeOf(resolver.resolve(name)), 'ECNAMELOOP', name);
  }
  assert.ok(server.count() < 20, `${server.count()} questions`);
});

test('a DNAME leads on, and a CNAME that contradicts it is not believed', async () => {
  const dname = record('old.test', 'DNAME', 'new.test');
  const good = await ask(
    { 'a.old.test': { answers: [dname, cname('a.old.test', 'a.new.test'), record('a.new.test', 'A', '192.0.2.1')] } },
    'a.old.test',
  );
  assert.deepEqual([good.canonicalName, good.records.length, good.answers.length], ['a.new.test', 1, 3]);
  const without = await ask(
    { 'a.old.test': { answers: [dname, record('a.new.test', 'A', '192.0.2.1')] } },
    'a.old.test',
  );
  assert.deepEqual([without.canonicalName, without.records.length], ['a.new.test', 1]);
  const forged = await ask(
    {
      'a.old.test': {
        answers: [dname, cname('a.old.test', 'evil.example'), record('evil.example', 'A', '192.0.2.66')],
      },
      'a.new.test': { answers: [record('a.new.test', 'A', '192.0.2.1')] },
    },
    'a.old.test',
  );
  assert.deepEqual(
    forged.records.map((entry) => entry.data),
    ['192.0.2.1'],
  );
});

test('the SOA of a negative answer must be of a zone that holds the name', async () => {
  const foreign = await ask({ 'www.test': { rcode: rcodes.NXDOMAIN, authorities: [soa('example')] } }, 'www.test');
  assert.deepEqual([foreign.rcode, foreign.authorities.length, foreign.ttl], ['NXDOMAIN', 0, 0]);
  const tricky = await ask({ xtest: { rcode: rcodes.NXDOMAIN, authorities: [soa('test')] } }, 'xtest');
  assert.equal(tricky.authorities.length, 0);
  const escaped = await ask({ 'a\\.test': { rcode: rcodes.NXDOMAIN, authorities: [soa('test')] } }, 'a\\.test');
  assert.equal(escaped.authorities.length, 0, 'the dot belongs to the label');
});

test('proofs are kept when they belong to the zone', async () => {
  const nsec = record('a.test', 'NSEC', { nextDomain: 'z.test', types: ['A'] });
  const result = await ask(
    {
      'www.test': {
        rcode: rcodes.NXDOMAIN,
        authorities: [
          soa('test'),
          rrsig('test', 'SOA', 'test'),
          nsec,
          rrsig('a.test', 'NSEC', 'test'),
          record('test', 'NS', 'ns.test'),
          record('a.evil', 'NSEC', { nextDomain: 'b.evil', types: ['A'] }),
        ],
      },
    },
    'www.test',
  );
  assert.deepEqual(
    result.authorities.map((entry) => `${entry.name} ${entry.type}`),
    ['test SOA', 'test RRSIG', 'a.test NSEC', 'a.test RRSIG'],
  );
  const wildcard = await ask(
    {
      'www.test': {
        answers: [record('www.test', 'A', '192.0.2.1'), rrsig('www.test', 'A', 'test')],
        authorities: [nsec, rrsig('a.test', 'NSEC', 'test'), record('test', 'NS', 'ns.test')],
      },
    },
    'www.test',
  );
  assert.deepEqual(
    wildcard.authorities.map((entry) => entry.type),
    ['NSEC', 'RRSIG'],
  );
});

test('a referral and a contradiction are failures of the resolver, not answers', async () => {
  const referral = { ra: false, aa: false, authorities: [record('test', 'NS', 'ns.test')] };
  const server = await serve({
    answer: ({ name }) =>
      name.toLowerCase() === 'lame.test'
        ? referral
        : { rcode: rcodes.NXDOMAIN, answers: [record(name, 'A', '192.0.2.1')] },
  });
  const resolver = resolverFor(server, { attemptsMax: 1 });
  const lame = await failureOf(resolver.resolve('lame.test'));
  assert.deepEqual([lame.code, lame.reason], ['EBADRESP', 'referral']);
  assert.equal((await failureOf(resolver.resolve('odd.test'))).reason, 'contradiction');
});

test('records of other classes are dropped', async () => {
  const result = await ask(
    {
      'www.test': { answers: [{ ...record('www.test', 'TXT', ['x']), class: 'CH' }, record('www.test', 'TXT', ['y'])] },
    },
    'www.test',
    'TXT',
  );
  assert.equal(result.records.length, 1);
});

test('the forwarder asks the resolver of the longest matching domain', async () => {
  const serverFor = (address: string): ReturnType<typeof serve> =>
    serve({ answer: ({ name }) => ({ answers: [record(name, 'A', address)] }) });
  const [general, corp, lab] = await Promise.all(['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(serverFor));
  const forwarder = new Forwarder({
    upstreams: [general!.address],
    zones: { 'Corp.test': [corp!.address], 'lab.corp.test.': [lab!.address] },
  });
  atEnd(() => forwarder.destroy());
  const expected = {
    'www.example': '192.0.2.1',
    'test': '192.0.2.1',
    'xcorp.test': '192.0.2.1',
    'corp.test': '192.0.2.2',
    'A.CORP.TEST': '192.0.2.2',
    'lab.corp.test': '192.0.2.3',
    'a.b.lab.corp.test': '192.0.2.3',
    'a.b.lab\\.corp.test': '192.0.2.1',
  };
  for (const [name, address] of Object.entries(expected)) {
    assert.equal((await forwarder.forward(name, 'A')).records[0]?.data, address, name);
  }
  assert.equal((await forwarder.forward('corp.test', 'A')).cached, true);
  assert.equal(await codeOf(forwarder.forward('a..b', 'A')), 'EBADNAME');
  assert.equal(await codeOf(forwarder.forward('a.test', 'AXFR')), 'EBADTYPE');
  assert.equal((await forwarder.forward('printer.localhost', 'A')).records[0]?.data, '127.0.0.1');
});
