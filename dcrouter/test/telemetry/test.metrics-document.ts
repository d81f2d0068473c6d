import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { documentPath, makeDocument } from './metrics-document.ts';

test('docs/metrics.md is what the registry has; UPDATE_DOCS=1 writes it anew', async () => {
  const made = await makeDocument();
  if (process.env.UPDATE_DOCS === '1') writeFileSync(documentPath, made);
  assert.equal(readFileSync(documentPath, 'utf8'), made);
});
