import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReadme, withTables } from './write-table.ts';

test('the conformance tables of the patch queue are as the suites have them', () => {
  assert.equal(withTables(readReadme()), readReadme());
});
