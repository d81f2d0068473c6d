import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { matchShape, actionShape, routeShape } from '#proxy/route/schema';
import {
  acmeShape,
  assertValidOptions,
  defaultsShape,
  findOptionProblems,
  metricsShape,
  optionsShape,
  requestIdShape,
} from '#proxy/validation/options';
import { OptionsError } from '#proxy/validation/error';
import { documentPath, makeDocument, readInterfaces } from './options-document.ts';

test('the document is what the types say; UPDATE_DOCS=1 writes it anew', () => {
  const made = makeDocument();
  if (process.env.UPDATE_DOCS === '1') writeFileSync(documentPath, made);
  assert.equal(readFileSync(documentPath, 'utf8'), made);
});

test('the checks know exactly the documented options', () => {
  const documented = new Map(readInterfaces().flatMap(({ interfaces }) => interfaces.map((item) => [item.name, item])));
  const shapes = {
    ISmartProxyOptions: optionsShape,
    ISmartProxyDefaults: defaultsShape,
    IAcmeOptions: acmeShape,
    IRequestIdOptions: requestIdShape,
    IMetricsConfig: metricsShape,
    IRouteConfig: routeShape,
    IRouteMatch: matchShape,
    IRouteAction: actionShape,
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const members = documented.get(name)!.members.map((member) => member.name);
    assert.deepEqual(Object.keys(shape).sort(), members.sort(), name);
  }
});

test('every documented option says what it means', () => {
  const silent = readInterfaces().flatMap(({ interfaces }) =>
    interfaces.flatMap(({ name, members }) =>
      members.filter(({ meaning }) => meaning === '').map((member) => `${name}.${member.name}`),
    ),
  );
  assert.deepEqual(silent, []);
});

test('options that are wrong are named, with what would be right', () => {
  const fields = (options: object) =>
    findOptionProblems({ routes: [], ...options }).map(({ field, message }) => `${field}: ${message}`);
  assert.deepEqual(fields({}), []);
  assert.deepEqual(fields({ maxConectionsPerIP: 1 }), [
    'maxConectionsPerIP: is no known field; did you mean maxConnectionsPerIP?',
  ]);
  assert.match(
    fields({ inactivityTimeout: 2 ** 31 })[0]!,
    /inactivityTimeout: is 2147483648; expected a whole number from 0 to 2147483647 \(milliseconds\)/,
  );
  assert.match(fields({ proxyIPs: ['x'] })[0]!, /proxyIPs\[0\]/);
  assert.match(fields({ acceptProxyProtocol: true })[0]!, /names nobody who may send headers/);
  assert.match(fields({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' })[0]!, /is above maxVersion/);
  assert.match(fields({ logger: {} })[0]!, /logger\.debug/);
  assert.match(fields({ acme: { dnsChallenge: {} } })[0]!, /needs the functions set and remove/);
  assert.match(fields({ certStore: {} })[0]!, /certStore: is not here; use acme\.storage/);
  assert.match(fields({ metrics: { prometheusPath: '/metrics' } })[0]!, /prometheusPath: is not here; give stats/);
  assert.match(fields({ key: 7 })[0]!, /expected text, a Buffer or a list/);
  assert.throws(() => assertValidOptions(undefined), OptionsError);
  assert.throws(() => assertValidOptions({}), { field: 'routes' });
  assert.deepEqual(
    fields({
      acme: {
        email: 'a@b.test',
        dnsChallenge: new (class {
          set() {}
          remove() {}
        })(),
      },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      pfx: Buffer.alloc(1),
      key: [Buffer.alloc(1), 'x'],
      defaults: { target: { host: 'localhost', port: 1 }, security: { ipBlockList: ['10.0.0.0/8'] } },
    }),
    [],
  );
});
