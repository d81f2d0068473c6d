import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { configJsonSchema } from '../../ts/config/json-schema.ts';
import { configReference, settingGroups } from '../../ts/config/reference.ts';

const SCHEMA_FILE = join(import.meta.dirname, '../../schema/dcrouter.schema.json');
const REFERENCE_FILE = join(import.meta.dirname, '../../../docs/config.md');
const EXAMPLE_FILE = join(import.meta.dirname, '../../examples/example.yaml');

/** Generated files are what the code makes; UPDATE_DOCS=1 writes them anew. */
function isAsMade(file: string, made: string): void {
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, made);
  assert.equal(readFileSync(file, 'utf8'), made);
}

test('the JSON Schema in the package is the one that the code makes; UPDATE_DOCS=1 writes it anew', () => {
  isAsMade(SCHEMA_FILE, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
});

test('the reference is the one that the code makes; UPDATE_DOCS=1 writes it anew', () => {
  isAsMade(REFERENCE_FILE, configReference());
});

test('every setting of proxy, DNS and upstreams says what it means', () => {
  const silent = settingGroups()
    .filter(({ places }) => places.some((place) => /^(?:proxy|dns|upstreams|$)/.test(place)))
    .flatMap(({ places, settings }) =>
      settings.filter(({ meaning }) => meaning === '').map(({ name }) => `${places[0]}.${name}`),
    );
  assert.deepEqual(silent, []);
});

const validator = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
const validate = validator.compile(configJsonSchema());

function accepts(document: unknown): boolean {
  return validate(document);
}

test('an independent validator accepts the example as it is written', () => {
  assert.ok(accepts(parse(readFileSync(EXAMPLE_FILE, 'utf8'))), JSON.stringify(validate.errors));
});

test('an independent validator takes references and files of secrets, and refuses what the router refuses', () => {
  const user = (password: unknown): unknown => ({
    proxy: {
      routes: [
        {
          name: 'web',
          match: { ports: '${PORT:-80}' },
          action: { targets: [{ host: '${HOST}', port: 'preserve' }] },
          security: { basicAuth: { users: [{ username: 'ann', password }] } },
        },
      ],
    },
  });
  assert.ok(accepts(user({ fromFile: 'ann.secret' })), JSON.stringify(validate.errors));
  assert.ok(accepts(user('text')), JSON.stringify(validate.errors));
  assert.ok(!accepts(user({ fromFiles: 'ann.secret' })));
  assert.ok(!accepts(user(5)));
  assert.ok(!accepts({ api: { port: 'web' } }));
  assert.ok(!accepts({ api: { port: 70_000 } }));
  assert.ok(!accepts({ apis: {} }));
  assert.ok(!accepts({ logging: { level: 'loud' } }));
});

test('secrets are marked for editors, and nothing of this machine stands in the schema', () => {
  const text = JSON.stringify(configJsonSchema());
  assert.match(text, /"password":\{[^}]*"writeOnly":true/);
  assert.doesNotMatch(text, /"secret":true|"instead"/);
  const { properties } = configJsonSchema() as { properties: { node: { properties: { name: object } } } };
  assert.ok(!('default' in properties.node.properties.name));
});
