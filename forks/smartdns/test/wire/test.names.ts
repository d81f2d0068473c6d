/** Names: text and bytes, order, ancestry, limits. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  WireEncodeError,
  compareNames,
  equalNames,
  firstLabel,
  isName,
  isSubdomain,
  joinName,
  labelCount,
  nameFromWire,
  nameToCanonicalWire,
  nameToWire,
  normalizeName,
  parentName,
  splitLabels,
} from '#wire';
import { Random } from './support/random.ts';
import { randomName } from './support/records.ts';

test('the root has one text form and three spellings', () => {
  assert.deepEqual(nameToWire('.'), Buffer.of(0));
  assert.deepEqual(nameToWire(''), Buffer.of(0));
  assert.equal(nameFromWire(Buffer.of(0)), '.');
  assert.equal(normalizeName(''), '.');
});

test('a dot inside a label and bytes above 127 survive text (RFC 2181 §11)', () => {
  const wire = Buffer.from([4, 0x61, 0x2e, 0x5c, 0xff, 1, 0x20, 0]);
  assert.equal(nameFromWire(wire), 'a\\.\\\\\\255.\\032');
  assert.deepEqual(nameToWire('a\\.\\\\\\255.\\032'), wire);
  assert.equal(labelCount('a\\.\\\\\\255.\\032'), 2);
  assert.deepEqual(splitLabels('a\\.b.c\\\\.d'), ['a\\.b', 'c\\\\', 'd']);
  assert.equal(parentName('a\\.b.c'), 'c');
  assert.equal(firstLabel('a\\.b.c'), 'a\\.b');
});

test('names survive text and bytes', () => {
  const random = new Random(11);
  for (let round = 0; round < 3_000; round++) {
    const name = randomName(random);
    assert.equal(nameFromWire(nameToWire(name)), name);
    assert.equal(nameFromWire(nameToWire(name === '.' ? name : `${name}.`)), name);
    assert.equal(normalizeName(normalizeName(name)), normalizeName(name));
    assert.deepEqual(nameToWire(normalizeName(name)), nameToCanonicalWire(name));
    assert.equal(splitLabels(name).length, labelCount(name));
    assert.equal(joinName(splitLabels(name).join('.'), '.'), name);
    assert.ok(isSubdomain(name, parentName(name)));
    assert.ok(
      equalNames(
        name,
        name.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
      ),
    );
  }
});

test('what is no name is refused with its reason', () => {
  const reasonOf = (name: string): string => {
    try {
      nameToWire(name);
    } catch (error) {
      if (error instanceof WireEncodeError) return error.reason;
      throw error;
    }
    return 'accepted';
  };
  assert.equal(reasonOf('a..b'), 'bad-name');
  assert.equal(reasonOf('.a'), 'bad-name');
  assert.equal(reasonOf('..'), 'bad-name');
  assert.equal(reasonOf('bücher.example'), 'bad-name');
  assert.equal(reasonOf('a\\256'), 'bad-name');
  assert.equal(reasonOf('a\\12'), 'bad-name');
  assert.equal(reasonOf('a\\'), 'bad-name');
  assert.equal(reasonOf(`${'x'.repeat(64)}.example`), 'label-too-long');
  assert.equal(reasonOf(`${'x'.repeat(63)}.example`), 'accepted');
  // 127 labels of one byte are 255 bytes with the root; one more is too much.
  assert.equal(reasonOf(Array(127).fill('a').join('.')), 'accepted');
  assert.equal(reasonOf(`${Array(127).fill('a').join('.')}.`), 'accepted');
  assert.equal(reasonOf(Array(128).fill('a').join('.')), 'name-too-long');
  assert.equal(reasonOf(`${Array(126).fill('a').join('.')}.bb`), 'name-too-long');
  assert.equal(isName('a..b'), false);
});

test('canonical order is that of RFC 4034 §6.1', () => {
  const ordered = [
    '.',
    'example',
    'a.example',
    'yljkjljk.a.example',
    'Z.a.example',
    'zABC.a.EXAMPLE',
    'z.example',
    '\\001.z.example',
    '*.z.example',
    '\\200.z.example',
  ];
  const shuffled = [...ordered].sort(() => -1).sort(compareNames);
  assert.deepEqual(shuffled, ordered);
  assert.ok(compareNames('a\\.b.example', 'b.example') < 0);
  // A zero byte in a label is no end of a label.
  assert.ok(compareNames('b.a', 'a\\000b') < 0);
  assert.equal(compareNames('A.example.', 'a.EXAMPLE'), 0);
});

test('ancestry looks at labels, not at text', () => {
  assert.ok(isSubdomain('www.example.com', 'example.com'));
  assert.ok(isSubdomain('WWW.EXAMPLE.COM.', 'Example.com'));
  assert.ok(isSubdomain('example.com', 'example.com'));
  assert.ok(isSubdomain('com', '.'));
  assert.ok(!isSubdomain('badexample.com', 'example.com'));
  assert.ok(!isSubdomain('a\\.example.com', 'example.com'));
  assert.ok(isSubdomain('a\\\\.example.com', 'example.com'));
  assert.ok(!isSubdomain('example.com', 'www.example.com'));
});
