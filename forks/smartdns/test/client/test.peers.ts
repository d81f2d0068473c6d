// The client against servers that share no code with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forwarder } from '#client';
import type { IResolution } from '#client';
import { missing, startDaemon } from './daemons.ts';
import type { IDaemon, TDaemonName } from './daemons.ts';
import { atEnd, codeOf, resolverWith } from './support.ts';

async function daemon(name: TDaemonName, stub?: string): Promise<IDaemon> {
  const started = await startDaemon(name, stub);
  atEnd(() => started.stop());
  return started;
}

function dataOf(result: IResolution): unknown[] {
  return result.records.map((entry) => entry.data).sort((a, b) => String(a).localeCompare(String(b)));
}

for (const name of ['nsd', 'knotd'] as const) {
  test(`${name}: records, aliases, negative answers and long answers`, { skip: missing(name) }, async () => {
    const { address } = await daemon(name);
    const resolver = resolverWith({ upstreams: [address] });
    const www = await resolver.resolve('www.peer.test');
    assert.deepEqual(dataOf(www), ['192.0.2.1', '192.0.2.2']);
    assert.equal(www.source, 'udp');
    assert.deepEqual(dataOf(await resolver.resolve('www.peer.test', 'AAAA')), ['2001:db8::1']);
    const mx = await resolver.resolve('peer.test', 'MX');
    assert.deepEqual(dataOf(mx), [{ preference: 10, exchange: 'mail.peer.test' }]);
    const deep = await resolver.resolve('deep.peer.test');
    assert.deepEqual(deep.answers.map((entry) => entry.type).slice(0, 2), ['CNAME', 'CNAME']);
    assert.deepEqual([deep.canonicalName, dataOf(deep)], ['www.peer.test', ['192.0.2.1', '192.0.2.2']]);
    const nothing = await resolver.resolve('nothing.peer.test');
    assert.deepEqual([nothing.rcode, nothing.ttl], ['NXDOMAIN', 120]);
    const nodata = await resolver.resolve('www.peer.test', 'MX');
    assert.deepEqual([nodata.rcode, nodata.ttl, nodata.records.length], ['NOERROR', 120, 0]);
    const long = await resolver.resolve('long.peer.test', 'TXT');
    assert.equal((long.records[0]!.data as string[]).length, 30);
    assert.equal(long.fromTcp, true, 'the UDP reply was truncated');
    const wild = await resolver.resolve('any.thing.wild.peer.test');
    assert.deepEqual([wild.records[0]?.name, dataOf(wild)], ['any.thing.wild.peer.test', ['192.0.2.9']]);
    const dname = await resolver.resolve('x.tree.peer.test', 'A');
    assert.deepEqual(
      [dname.rcode, dname.answers[0]?.type, dname.canonicalName],
      ['NXDOMAIN', 'DNAME', 'x.www.peer.test'],
    );
    const services = await resolver.resolveService('sip', 'tcp', 'peer.test');
    assert.deepEqual(
      services.map((service) => `${service.target}:${service.port}`),
      ['www.peer.test:5060', 'mail.peer.test:5061'],
    );
    assert.deepEqual(
      [
        (await resolver.resolve('svc.peer.test', 'HTTPS')).records.length,
        (await resolver.resolve('peer.test', 'CAA')).ttl,
      ],
      [1, 3600],
    );
    assert.equal(await codeOf(resolver.resolve('elsewhere.example')), 'EREFUSED');
    const [upstream] = resolver.stats.snapshot().upstreams;
    assert.equal(
      Object.values(upstream!.bogusReplies).reduce((sum, count) => sum + count),
      0,
    );
  });

  test(`${name}: hundreds of questions over one TCP connection`, { skip: missing(name) }, async () => {
    const { address } = await daemon(name);
    const resolver = resolverWith({ upstreams: [`tcp://${address}`], cache: false });
    await resolver.resolve('www.peer.test');
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, at) => resolver.resolve(`n${at}.wild.peer.test`)),
    );
    assert.ok(results.every((result, at) => result.records[0]?.name === `n${at}.wild.peer.test`));
    assert.ok(resolver.stats.snapshot().upstreams[0]!.opened <= 2);
  });
}

test(
  'unbound in front of nsd: the forwarder passes on what it says',
  { skip: missing('unbound') || missing('nsd') },
  async () => {
    const nsd = await daemon('nsd');
    const { address } = await daemon('unbound', nsd.address);
    const forwarder = new Forwarder({ upstreams: [address] });
    atEnd(() => forwarder.destroy());
    const alias = await forwarder.forward('deep.peer.test', 'A');
    assert.deepEqual([alias.answers.length, alias.canonicalName], [4, 'www.peer.test']);
    const nothing = await forwarder.forward('nothing.peer.test', 'A');
    assert.deepEqual([nothing.rcode, nothing.authorities[0]?.type], ['NXDOMAIN', 'SOA']);
    assert.equal((await forwarder.forward('long.peer.test', 'TXT')).fromTcp, true);
    assert.equal((await forwarder.forward('deep.peer.test', 'A')).cached, true);
  },
);
