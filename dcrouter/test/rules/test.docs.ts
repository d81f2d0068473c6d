// docs/rules.md: its tables are those of the code, its examples do what they say.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfigDocument } from '../../ts/config/document.ts';
import { validateConfig } from '../../ts/config/load.ts';
import { explain } from '../../ts/rules/explain.ts';
import { factsOf } from '../../ts/rules/input.ts';
import { RuleSet } from '../../ts/rules/ruleset.ts';
import type { IFactsInput } from '../../ts/rules/types.ts';
import { withTables } from './reference.ts';

const path = join(import.meta.dirname, '../../docs/rules.md');
const document = readFileSync(path, 'utf8');

test('the tables are those of the code; UPDATE_DOCS=1 writes them anew', () => {
  const made = withTables(document);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, made);
  else assert.equal(document, made);
});

const examples = [...document.matchAll(/```yaml\n([\s\S]*?)```(?:\n\n```json\n([\s\S]*?)```)?/g)];

test('there are examples', () => {
  assert.ok(examples.length >= 3, `only ${examples.length}`);
});

for (const [index, [, yaml = '', json]] of examples.entries()) {
  test(`example ${index + 1} is a valid configuration and decides as it says`, () => {
    const { rules } = validateConfig(parseConfigDocument(`example-${index + 1}.yaml`, yaml, {}));
    const set = new RuleSet(rules);
    if (json === undefined) return;
    for (const [facts, expected] of JSON.parse(json) as Array<[IFactsInput, string]>) {
      const { decidedBy, decision } = explain(set, factsOf(facts, set), 0);
      assert.equal(decidedBy === undefined ? decision : `${decision} by ${decidedBy}`, expected, JSON.stringify(facts));
    }
  });
}
