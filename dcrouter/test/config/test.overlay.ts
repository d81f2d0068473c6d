import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigDocument } from '../../ts/config/document.ts';
import { validateWithObjects } from '../../ts/config/load.ts';
import { layObjects } from '../../ts/config/overlay.ts';
import type { IStoredObject, TJson, TObjectKind } from '../../ts/store/types.ts';
import { refusal } from './documents.ts';

const DOCUMENT = `
proxy:
  routes:
    - name: web
      match: { ports: 8080 }
      action: { type: forward, targets: [{ host: 127.0.0.1, port: 3000 }] }
dns:
  zones:
    example.test:
      records:
        - { name: '@', type: NS, data: ns1.example.test }
        - { name: ns1, type: A, data: 192.0.2.1 }
`;

function object(kind: TObjectKind, id: string, value: TJson): IStoredObject {
  return { kind, id, value, revision: 1, updatedAtMs: 0, updatedBy: 'test' };
}

const route = (port: TJson): TJson => ({
  match: { ports: 8081 },
  action: { type: 'forward', targets: [{ host: '127.0.0.1', port }] },
});

function lay(...objects: IStoredObject[]) {
  return validateWithObjects(parseConfigDocument('router.yaml', DOCUMENT, {}), objects);
}

test('routes, zones and records are laid over the document, which stays as it was', () => {
  const document = parseConfigDocument('router.yaml', DOCUMENT, {});
  const before = structuredClone(document.value);
  const config = validateWithObjects(document, [
    object('record', 'other.test/www/A', { ttl: 60, data: ['192.0.2.7', '192.0.2.8'] }),
    object('record', 'Example.test./mail/MX', { data: [{ preference: 10, exchange: 'mail.example.test' }] }),
    object('route', 'api', route(3001)),
    object('zone', 'other.test', { records: [{ name: '@', type: 'NS', data: 'ns1.example.test' }] }),
  ]);
  assert.deepEqual(document.value, before);
  assert.deepEqual(
    config.proxy?.routes.map(({ name }) => name),
    ['web', 'api'],
  );
  assert.deepEqual(
    config.dns?.zones['other.test']?.records.map(({ name, type, ttl }) => `${name} ${type} ${ttl}`),
    ['@ NS undefined', 'www A 60', 'www A 60'],
  );
  assert.equal(config.dns?.zones['example.test']?.records.length, 3);
});

test('an error inside an object names the object and the path in it', () => {
  assert.equal(
    refusal(() => lay(object('route', 'api', route('http')))),
    "object route 'api': action.targets[0].port: got 'http'; expected a number or 'preserve' or 'srv'",
  );
  assert.match(
    refusal(() => lay(object('record', 'example.test/www/A', { data: ['192.0.2.300'] }))),
    /^object record 'example\.test\/www\/A': data: got '192\.0\.2\.300'; expected /,
  );
});

test('an error in the document beside objects keeps its line', () => {
  const document = parseConfigDocument('router.yaml', DOCUMENT.replace('port: 3000', 'port: 0'), {});
  assert.match(
    refusal(() => validateWithObjects(document, [object('route', 'api', route(3001))])),
    /^router\.yaml:6:\d+: proxy\.routes\[0\]\.action\.targets\[0\]\.port: got 0/,
  );
});

test('names are unique over document and objects', () => {
  assert.equal(
    refusal(() => lay(object('route', 'web', route(1)))),
    "object route 'web': the document has a route of that name; rename one of them",
  );
  assert.match(
    refusal(() => lay(object('zone', 'EXAMPLE.test', {}))),
    /^object zone 'EXAMPLE\.test': there is one named 'example\.test' in the document/,
  );
  assert.match(
    refusal(() => lay(object('record', 'example.test/NS1.example.test./a', { data: ['192.0.2.1'] }))),
    /: the document has records of that name and type; take them away there$/,
  );
  assert.match(
    refusal(() => lay(object('route', 'api', { ...(route(1) as object), name: 'else' } as TJson))),
    /^object route 'api': its name is 'else'; expected 'api', or no name$/,
  );
});

test('objects that fit nowhere are refused with what would be right', () => {
  assert.match(
    refusal(() => lay(object('record', 'nowhere.test/www/A', { data: ['192.0.2.1'] }))),
    /^object record 'nowhere\.test\/www\/A': there is no zone nowhere\.test; add it first$/,
  );
  assert.match(
    refusal(() => lay(object('record', 'www', { data: ['192.0.2.1'] }))),
    /expected an id as <zone>\/<owner>\/<TYPE>/,
  );
  assert.match(
    refusal(() => lay(object('record', 'example.test/www/A', { date: ['192.0.2.1'], data: ['192.0.2.1'] }))),
    /'date' is not a known setting/,
  );
  assert.match(
    refusal(() => lay(object('route', 'api', 'x'))),
    /expected a group of settings/,
  );
});

test('a name such as __proto__ is a name like any other', () => {
  const laid = layObjects({}, [object('zone', '__proto__', { ttl: 5 })]);
  const zones = (laid.value as { dns: { zones: object } }).dns.zones;
  assert.deepEqual(Object.keys(zones), ['__proto__']);
  assert.equal(({} as { ttl?: number }).ttl, undefined);
});
