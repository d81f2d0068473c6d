import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { descriptions, documentPath, makeDocument, publishedKinds } from './document.ts';

test('docs/events.md is what the catalogue says; UPDATE_DOCS=1 writes it anew', () => {
  const made = makeDocument();
  if (process.env.UPDATE_DOCS === '1') writeFileSync(documentPath, made);
  assert.equal(readFileSync(documentPath, 'utf8'), made);
});

test('every kind that the sources publish is described, and no other', () => {
  const published = publishedKinds();
  const described = descriptions().map(({ kind }) => kind);
  const silent = [...published].filter(([kind]) => !described.includes(kind));
  assert.deepEqual(silent, [], 'add these to ts/events/router-events.ts');
  const own = described.filter((kind) => /^(config|health|rule|store|router)\./.test(kind));
  assert.deepEqual(
    own.filter((kind) => !published.has(kind)),
    [],
    'nobody publishes these',
  );
  assert.equal(new Set(described).size, described.length);
});
