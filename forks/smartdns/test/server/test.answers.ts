import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutIpv6 } from '../ipv6.ts';
import { askRawUdp, askTcp, askUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

test('records of the usual types come back as the handler gave them', async (context) => {
  const { port } = await startServer(context, {}, (server) => {
    const data: Record<string, unknown> = {
      A: '192.0.2.1',
      AAAA: '2001:db8::1',
      TXT: ['one', 'two'],
      MX: { preference: 10, exchange: 'mail.example.test' },
      NS: 'ns1.example.test',
      CNAME: 'other.example.test',
      PTR: 'host.example.test',
      SRV: { priority: 1, weight: 2, port: 53, target: 'host.example.test' },
      SOA: { mname: 'a.test', rname: 'b.test', serial: 5, refresh: 1, retry: 2, expire: 3, minimum: 4 },
      CAA: { flags: 0, tag: 'issue', value: 'ca.test' },
    };
    for (const [type, value] of Object.entries(data)) {
      server.registerHandler(`${type.toLowerCase()}.example.test`, [type], (question) =>
        record(question.name, type, value),
      );
    }
  });
  const wanted: Array<[string, unknown]> = [
    ['A', '192.0.2.1'],
    ['AAAA', '2001:db8::1'],
    ['TXT', ['one', 'two']],
    ['MX', { preference: 10, exchange: 'mail.example.test' }],
    ['NS', 'ns1.example.test'],
    ['CNAME', 'other.example.test'],
    ['PTR', 'host.example.test'],
    ['SRV', { priority: 1, weight: 2, port: 53, target: 'host.example.test' }],
    ['SOA', { mname: 'a.test', rname: 'b.test', serial: 5, refresh: 1, retry: 2, expire: 3, minimum: 4 }],
  ];
  for (const [type, data] of wanted) {
    const answer = await askUdp(port, { name: `${type.toLowerCase()}.example.test`, type });
    assert.equal(answer.rcode, 0);
    assert.equal(answer.aa, true);
    assert.equal(answer.ra, false);
    assert.equal(answer.rd, true);
    assert.deepEqual(
      answer.answers.map((entry) => [entry.type, entry.ttl, entry.data]),
      [[type, 60, data]],
    );
  }
  const caa = await askUdp(port, { name: 'caa.example.test', type: 'CAA' });
  assert.equal(caa.answers.length, 1);
});

test('every matching handler contributes, and one handler may give several records', async (context) => {
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('example.test', ['NS'], (question) => record(question.name, 'NS', 'ns1.example.test'));
    server.registerHandler('example.test', ['NS'], (question) => record(question.name, 'NS', 'ns2.example.test'));
    server.registerHandler('many.example.test', ['A'], (question) => [
      record(question.name, 'A', '192.0.2.1'),
      record(question.name, 'A', '192.0.2.2'),
    ]);
  });
  const servers = await askUdp(port, { name: 'example.test', type: 'NS' });
  assert.deepEqual(
    servers.answers.map(({ data }) => data),
    ['ns1.example.test', 'ns2.example.test'],
  );
  const many = await askUdp(port, { name: 'many.example.test' });
  assert.deepEqual(
    many.answers.map(({ data }) => data),
    ['192.0.2.1', '192.0.2.2'],
  );
});

test('a name without the asked type is NODATA with the zone SOA in the authority section', async (context) => {
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
    server.registerHandler('null.example.test', ['A'], () => null);
    server.registerHandler('deep.below.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  for (const name of ['www.example.test', 'null.example.test', 'below.example.test', 'example.test']) {
    const answer = await askUdp(port, { name, type: name === 'null.example.test' ? 'A' : 'AAAA' });
    assert.equal(answer.rcode, 0, name);
    assert.equal(answer.aa, true);
    assert.equal(answer.answers.length, 0);
    assert.deepEqual(
      answer.authorities.map(({ name: owner, type }) => [owner, type]),
      [['example.test', 'SOA']],
    );
  }
});

test('a name that does not exist is NXDOMAIN, a name outside every zone is REFUSED', async (context) => {
  const { port } = await startServer(context, { soa: { minimum: 77 } }, (server) => {
    server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const missing = await askUdp(port, { name: 'nope.example.test' });
  assert.equal(missing.rcode, 3);
  assert.deepEqual(
    missing.authorities.map(({ name, type, ttl }) => [name, type, ttl]),
    [['example.test', 'SOA', 77]],
  );
  const foreign = await askUdp(port, { name: 'www.example.org' });
  assert.equal(foreign.rcode, 5);
  assert.equal(foreign.aa, false);
  assert.equal(foreign.authorities.length, 0);
});

test('without a configured zone the handlers imply one', async (context) => {
  const { port } = await startServer(context, { dnssecZone: '' }, (server) => {
    server.registerHandler('*.apps.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
    server.registerHandler('only.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const nodata = await askUdp(port, { name: 'x.apps.test', type: 'AAAA' });
  assert.deepEqual([nodata.rcode, nodata.authorities[0]?.name], [0, 'apps.test']);
  const missing = await askUdp(port, { name: 'below.only.test' });
  assert.deepEqual([missing.rcode, missing.authorities[0]?.name], [3, 'only.test']);
  assert.equal((await askUdp(port, { name: 'other.test' })).rcode, 5);
});

test('an alias answers other types, and its target is added as far as we know it', async (context) => {
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('alias.example.test', ['CNAME'], (question) =>
      record(question.name, 'CNAME', 'www.example.test'),
    );
    server.registerHandler('out.example.test', ['CNAME'], (question) =>
      record(question.name, 'CNAME', 'www.example.org'),
    );
    server.registerHandler('dangling.example.test', ['CNAME'], (question) =>
      record(question.name, 'CNAME', 'nothing.example.test'),
    );
    server.registerHandler('loop.example.test', ['CNAME'], (question) =>
      record(question.name, 'CNAME', 'loop.example.test'),
    );
    server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const inside = await askUdp(port, { name: 'alias.example.test' });
  assert.deepEqual(
    inside.answers.map(({ type, data }) => [type, data]),
    [
      ['CNAME', 'www.example.test'],
      ['A', '192.0.2.1'],
    ],
  );
  const outside = await askUdp(port, { name: 'out.example.test' });
  assert.deepEqual([outside.rcode, outside.answers.map(({ type }) => type)], [0, ['CNAME']]);
  const dangling = await askUdp(port, { name: 'dangling.example.test' });
  assert.deepEqual([dangling.rcode, dangling.answers.length, dangling.authorities.length], [3, 1, 1]);
  assert.equal((await askUdp(port, { name: 'loop.example.test' })).answers.length, 1);
});

test('TTL 0 stays 0, too large ones are capped, none is 300', async (context) => {
  const ttls: Record<string, number | undefined> = {
    zero: 0,
    huge: 2 ** 32 - 1,
    none: undefined,
    negative: -5,
    part: 9.7,
  };
  const { port } = await startServer(context, {}, (server) => {
    for (const [label, ttl] of Object.entries(ttls)) {
      server.registerHandler(`${label}.example.test`, ['A'], (question) => ({
        ...record(question.name, 'A', '192.0.2.1'),
        ttl: ttl as number,
      }));
    }
  });
  const seen: Record<string, number | undefined> = {};
  for (const label of Object.keys(ttls)) {
    seen[label] = (await askUdp(port, { name: `${label}.example.test` })).answers[0]?.ttl;
  }
  assert.deepEqual(seen, { zero: 0, huge: 2_147_483_647, none: 300, negative: 0, part: 9 });
});

test('text over 255 octets is split and nothing of it lost', async (context) => {
  const text = 'abcdefghij'.repeat(60);
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('t.example.test', ['TXT'], (question) => record(question.name, 'TXT', text));
  });
  const answer = await askUdp(port, { name: 't.example.test', type: 'TXT', edns: 1_232 });
  assert.equal((answer.answers[0]!.data as string[]).join(''), text);
});

test('a handler that throws, or gives data no record can hold, is SERVFAIL', async (context) => {
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('throws.example.test', ['A'], () => {
      throw new Error('broken on purpose');
    });
    dns.registerHandler('bad.example.test', ['A'], (question) => record(question.name, 'A', 'not-an-ip'));
    dns.registerHandler('rejects.example.test', ['A'], () => Promise.reject(new Error('later')));
    dns.registerHandler('junk.example.test', ['A'], () => 5 as never);
  });
  for (const name of ['throws', 'bad', 'rejects', 'junk']) {
    assert.equal((await askUdp(port, { name: `${name}.example.test` })).rcode, 2, name);
  }
  assert.equal(server.stats.getErrors()['handler'], 4);
});

test('the question comes back in the letter case it had, cached image or not', async (context) => {
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  for (const name of ['wWw.ExAmPlE.tEsT', 'WWW.EXAMPLE.TEST', 'www.example.test', 'WwW.example.TEST']) {
    const query = makeQuery({ name });
    const answer = await askRawUdp(port, query);
    assert.deepEqual(answer?.subarray(12, query.length), query.subarray(12));
    assert.equal(decode(answer).answers.length, 1);
  }
});

test('a handler without a cache is called for every query, and its changes show at once', async (context) => {
  let calls = 0;
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('count.example.test', ['A'], (question) => {
      calls++;
      return record(question.name, 'A', `192.0.2.${calls < 5 ? 1 : 2}`);
    });
  });
  const seen: unknown[] = [];
  for (let turn = 0; turn < 8; turn++) {
    seen.push((await askUdp(port, { name: 'count.example.test' })).answers[0]?.data);
  }
  assert.equal(calls, 8);
  assert.deepEqual(seen, [
    ...Array.from({ length: 4 }, () => '192.0.2.1'),
    ...Array.from({ length: 4 }, () => '192.0.2.2'),
  ]);
});

test('unregistering follows upstream: every handler of the pattern whose types include the given ones', async (context) => {
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('u.example.test', ['A', 'AAAA'], (question) => record(question.name, 'A', '192.0.2.1'));
    dns.registerHandler('u.example.test', ['TXT'], (question) => record(question.name, 'TXT', 'x'));
  });
  assert.equal((await askUdp(port, { name: 'u.example.test' })).answers.length, 1);
  assert.equal(server.unregisterHandler('u.example.test', ['A', 'TXT']), false);
  assert.equal(server.unregisterHandler('u.example.test', ['A']), true);
  assert.equal((await askUdp(port, { name: 'u.example.test' })).answers.length, 0);
  assert.equal((await askUdp(port, { name: 'u.example.test', type: 'TXT' })).answers.length, 1);
  assert.equal(server.unregisterHandler('u.example.test', []), true);
  assert.equal((await askUdp(port, { name: 'u.example.test', type: 'TXT' })).rcode, 3);
});

test('localhost and loopback reverse names are answered by the server, unless turned off', async (context) => {
  const { port } = await startServer(context);
  assert.equal((await askUdp(port, { name: 'localhost' })).answers[0]?.data, '127.0.0.1');
  assert.equal((await askUdp(port, { name: 'a.localhost', type: 'AAAA' })).answers[0]?.data, '::1');
  assert.equal((await askUdp(port, { name: '1.0.0.127.in-addr.arpa', type: 'PTR' })).answers[0]?.data, 'localhost');
  assert.equal(
    (await askUdp(port, { name: `1.${'0.'.repeat(31)}ip6.arpa`, type: 'PTR' })).answers[0]?.data,
    'localhost',
  );
  const nodata = await askUdp(port, { name: 'localhost', type: 'MX' });
  assert.deepEqual([nodata.rcode, nodata.answers.length, nodata.authorities.length], [0, 0, 1]);
  const off = await startServer(context, { enableLocalhostHandling: false });
  assert.equal((await askUdp(off.port, { name: 'localhost' })).rcode, 5);
});

test('ANY gets the small answer of RFC 8482, a transfer and another class are refused', async (context) => {
  const { port } = await startServer(context, { serverId: 'test-1' }, (server) => {
    server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const any = await askUdp(port, { name: 'www.example.test', type: 'ANY' });
  assert.deepEqual(
    any.answers.map(({ type }) => type),
    ['HINFO'],
  );
  assert.equal((await askUdp(port, { name: 'nope.example.test', type: 'ANY' })).rcode, 3);
  assert.equal((await askTcp(port, { name: 'example.test', type: 'AXFR' })).rcode, 5);
  assert.equal((await askUdp(port, { name: 'www.example.test', class: 3 })).rcode, 5);
  assert.equal((await askUdp(port, { name: 'www.example.test', class: 255 })).rcode, 5);
  const identity = await askUdp(port, { name: 'id.server', type: 'TXT', class: 3 });
  assert.deepEqual(identity.answers[0]?.data, ['test-1']);
});

test('IPv6 addresses can be listened on', { skip: withoutIpv6 }, async (context) => {
  const { server } = await startServer(context, { bindInterface: '::1' });
  const port = server.addresses.udp!.port;
  const answer = await askRawUdp(port, makeQuery({ name: 'localhost' }), 3_000, '::1');
  assert.equal(decode(answer).answers.length, 1);
  assert.equal(server.stats.getTopClients(1)[0]?.clientIp, '::1');
});
