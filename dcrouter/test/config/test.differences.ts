import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { differences } from '../../ts/config/diff.ts';
import { effects } from '../../ts/config/effects.ts';
import { read } from './documents.ts';

const BEFORE = `
proxy:
  drainTimeoutMs: 5000
  routes:
    - name: shop
      match: { ports: [80, { from: 8000, to: 8002 }], domains: [shop.example.test, www.example.test] }
      action: { type: forward, targets: [{ host: 127.0.0.1, port: 3000 }] }
    - name: old
      match: { ports: 8443, domains: old.example.test }
      action: { type: forward, targets: [{ host: 127.0.0.1, port: 3001 }] }
dns:
  port: 5353
  zones:
    example.test:
      records:
        - { name: '@', type: NS, data: ns1.example.test }
        - { name: ns1, type: A, data: 192.0.2.1 }
        - { name: shop, type: A, data: 192.0.2.10 }
        - { name: www, type: A, data: 192.0.2.10 }
        - { name: www, type: A, data: 192.0.2.11 }
        - { name: gone, type: A, data: 192.0.2.12 }
`;

test('a configuration does not differ from itself', () => {
  assert.deepEqual(differences(read(BEFORE), read(BEFORE)), []);
});

test('differences are told by the names of routes, zones and records', () => {
  const after = BEFORE.replace('port: 3000', 'port: 3100')
    .replace('drainTimeoutMs: 5000', 'drainTimeoutMs: 6000')
    .replace('{ name: www, type: A, data: 192.0.2.11 }', '{ name: www, type: A, data: 192.0.2.13 }')
    .replace('        - { name: gone, type: A, data: 192.0.2.12 }\n', '')
    .replaceAll('old', 'new');
  const found = differences(read(BEFORE), read(after));
  assert.deepEqual(
    found.map(({ path, kind }) => `${kind} ${path}`).sort(),
    [
      'added proxy.routes[new]',
      'changed dns.zones[example.test].records[www A].data',
      'changed proxy.drainTimeoutMs',
      'changed proxy.routes[shop].action.targets[0].port',
      'removed dns.zones[example.test].records[gone A]',
      'removed proxy.routes[old]',
    ].sort(),
  );
  const port = found.find(({ path }) => path.endsWith('.port'));
  assert.deepEqual([port?.before, port?.after], [3000, 3100]);
});

test('another order of routes is a difference, another order of records is none', () => {
  const swapped = BEFORE.replace(/( {4}- name: shop[^]*?)( {4}- name: old[^]*?)(?=dns:)/, '$2$1').replace(
    /( {8}- \{ name: ns1[^\n]*\n)( {8}- \{ name: shop[^\n]*\n)/,
    '$2$1',
  );
  assert.deepEqual(differences(read(BEFORE), read(swapped)), [
    { path: 'proxy.routes', kind: 'changed', before: ['shop', 'old'], after: ['old', 'shop'] },
  ]);
});

test('keys of certificates are never shown', () => {
  const { key, cert } = selfSignedCertificate(['shop.example.test']);
  const route = (pem: string): string =>
    JSON.stringify({
      proxy: {
        routes: [
          {
            name: 'shop',
            match: { ports: 443, domains: 'shop.example.test' },
            action: {
              type: 'forward',
              targets: [{ host: '127.0.0.1', port: 3000 }],
              tls: { mode: 'terminate', certificate: { key: pem, cert } },
            },
          },
        ],
      },
    });
  const other = selfSignedCertificate(['shop.example.test']).key;
  const [changed, ...rest] = differences(read(route(key)), read(route(other)));
  assert.deepEqual(rest, []);
  assert.deepEqual(changed, {
    path: 'proxy.routes[shop].action.tls.certificate.key',
    kind: 'changed',
    before: '(secret)',
    after: '(secret)',
  });
  const [added] = differences(read('proxy: { routes: [] }'), read(route(key)));
  assert.equal(added?.path, 'proxy.routes[shop]');
  assert.doesNotMatch(JSON.stringify(added), /PRIVATE KEY/);
  assert.match(JSON.stringify(added), /BEGIN CERTIFICATE/);
});

test('effects name ports, names and what needs a restart', () => {
  const after = BEFORE.replace('8443', '9443')
    .replaceAll('old', 'new')
    .replace('to: 8002', 'to: 8001')
    .replace('port: 5353', 'port: 5354')
    .replace('{ name: gone,', '{ name: fresh,');
  const found = effects(read(BEFORE), read(after));
  assert.deepEqual(found.portsOpened, [5354, 9443]);
  assert.deepEqual(found.portsClosed, [5353, 8002, 8443]);
  assert.deepEqual(found.namesLost, ['gone.example.test', 'old.example.test']);
  assert.deepEqual(found.namesGained, ['fresh.example.test', 'new.example.test']);
  assert.deepEqual(found.needsRestart, ['dns.port']);
});

test('certificates of DNS over TLS and HTTPS need no restart, their ports do', () => {
  const of = (https: string, tls: string) => read(`dns: { port: 5353, https: { ${https} }, tls: { ${tls} } }`);
  const pair = (name: string): string => `certificate: { keyFile: /${name}.key, certFile: /${name}.crt }`;
  const before = of(`port: 8443, ${pair('a')}`, `port: 8853`);
  const restartFor = (https: string, tls: string): readonly string[] => effects(before, of(https, tls)).needsRestart;
  assert.deepEqual(restartFor(`port: 8443, ${pair('b')}`, `port: 8853, ${pair('c')}`), []);
  assert.deepEqual(restartFor(`port: 8444, ${pair('a')}`, `port: 8854, ${pair('c')}`), ['dns.tls', 'dns.https']);
});

test('effects name the certificates that must be ordered', () => {
  const document = (tls: string): string =>
    `proxy:\n  acme: { email: ops@example.test }\n  routes:\n    - name: shop\n      match: { ports: 443, domains: [Shop.example.test, '*.example.test'] }\n      action: { type: forward, targets: [{ host: localhost, port: 81 }]${tls} }\ndns:\n  zones: { example.test: { nameservers: [ns1.example.test] } }\n`;
  const found = effects(read(document('')), read(document(', tls: { mode: terminate, certificate: auto }')));
  assert.deepEqual(found.certificatesNeeded, ['*.example.test', 'shop.example.test']);
});

test('what looks like a mistake is warned about', () => {
  const { key, cert } = selfSignedCertificate(['shop.example.test', '*.apps.example.test']);
  const value = {
    proxy: {
      routes: [
        {
          name: 'shop',
          match: {
            ports: 443,
            domains: ['shop.example.test', 'other.example.test', 'a.apps.example.test', '*.apps.example.test'],
          },
          action: {
            type: 'forward',
            targets: [{ host: '127.0.0.1', port: 3000 }],
            tls: { mode: 'terminate', certificate: { key, cert } },
          },
        },
      ],
    },
    dns: {
      zones: {
        'example.test': {
          records: [
            { name: '@', type: 'NS', data: 'ns1.example.test' },
            { name: 'shop', type: 'A', data: '192.0.2.1' },
            { name: '*.apps', type: 'A', data: '192.0.2.1' },
            { name: 'alias', type: 'CNAME', data: 'nowhere.example.test' },
            { name: 'outside', type: 'CNAME', data: 'nowhere.example.org' },
            { name: 'sub', type: 'NS', data: 'ns.sub.example.test' },
            { name: 'sub2', type: 'NS', data: 'ns.sub2.example.test' },
            { name: 'ns.sub2', type: 'A', data: '192.0.2.9' },
          ],
        },
      },
    },
  };
  const config = read(JSON.stringify(value));
  assert.deepEqual(effects(config, config).warnings, [
    "route 'shop': its certificate does not hold other.example.test",
    "route 'shop': other.example.test is in our zone example.test, which has no address for it",
    'zone example.test: the name server ns1.example.test of example.test has no address in our zone example.test; nobody can reach it',
    'zone example.test: alias.example.test is an alias of nowhere.example.test, which does not exist in our zone example.test',
    'zone example.test: the name server ns.sub.example.test of sub.example.test has no address in our zone example.test; nobody can reach it',
  ]);
});

test('a domain that gets its records by itself has an address', () => {
  const document = (autoRecords: object) => ({
    proxy: {
      routes: ['shop', 'hidden'].map((name) => ({
        name,
        dns: name === 'shop',
        match: { ports: 80, domains: `${name}.example.test` },
        action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 3000 }] },
      })),
    },
    dns: {
      ...autoRecords,
      zones: {
        'example.test': { nameservers: ['ns1.example.test'], records: [{ name: 'ns1', type: 'A', data: '192.0.2.1' }] },
      },
    },
  });
  const missing = (name: string) =>
    `route '${name}': ${name}.example.test is in our zone example.test, which has no address for it`;
  const without = read(JSON.stringify(document({})));
  assert.deepEqual(effects(without, without).warnings, [missing('shop'), missing('hidden')]);
  const config = read(JSON.stringify(document({ autoRecords: { addresses: ['192.0.2.1'] } })));
  assert.deepEqual(effects(config, config).warnings, [missing('hidden')]);
});

test('a state of a target that nothing names is warned about, unless names are known only while it runs', () => {
  const document = (port: number | string) => ({
    proxy: {
      defaults: { target: { host: '192.0.2.3', port: 80 } },
      routes: [
        {
          name: 'shop',
          match: { ports: 80, domains: 'shop.example.test' },
          action: { type: 'forward', targets: [{ host: ['192.0.2.1', '2001:db8::1'], port }] },
        },
      ],
    },
    rules: {
      rules: [
        { name: 'r', when: 'http.path == "/"', action: { type: 'route', target: { host: '192.0.2.2', port: 80 } } },
      ],
    },
    upstreams: Object.fromEntries(
      ['192.0.2.1:80', '[2001:db8::1]:80', '192.0.2.2:80', '192.0.2.3:80', '192.0.2.1:81'].map((name) => [
        name,
        { state: 'drain' },
      ]),
    ),
  });
  const warnings = (port: number | string): readonly string[] => {
    const config = read(JSON.stringify(document(port)));
    return effects(config, config).warnings;
  };
  assert.deepEqual(warnings(80), ["upstreams: nothing goes to '192.0.2.1:81'; what is said about it has no effect"]);
  assert.deepEqual(warnings('preserve'), []);
});

test('a name that was answered by itself is not gained by a record of its own', () => {
  const document = (records: object[]) => ({
    proxy: {
      routes: [
        {
          name: 'shop',
          match: { ports: 80, domains: 'shop.example.test' },
          action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 3000 }] },
        },
      ],
    },
    dns: {
      autoRecords: { addresses: ['192.0.2.1'] },
      zones: { 'example.test': { nameservers: ['ns1.example.org'], records } },
    },
  });
  const text = { name: 'shop', type: 'TXT', data: 'hello' };
  const found = effects(read(JSON.stringify(document([]))), read(JSON.stringify(document([text]))));
  assert.deepEqual([found.namesGained, found.namesLost], [[], []]);
});
