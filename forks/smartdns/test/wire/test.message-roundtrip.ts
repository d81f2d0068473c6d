/** Messages and record data survive encoding and decoding, for every type. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { decodeMessage, decodeRecordData, encodeMessage, encodeRecordData, findTypeNumber, parseRecord } from '#wire';
import { formatRecord } from '#wire';
import { Random } from './support/random.ts';
import { randomData, randomMessage, randomRecord, sampleTypes } from './support/records.ts';

for (const type of sampleTypes) {
  test(`${type} data decodes to what was encoded, and its text reads back`, () => {
    const random = new Random(findTypeNumber(type));
    for (let round = 0; round < 60; round++) {
      const data = randomData(random, type);
      const wire = encodeRecordData(type, data);
      const decoded = decodeRecordData(findTypeNumber(type), wire);
      assert.deepEqual(encodeRecordData(type, decoded), wire);
      assert.deepEqual(decodeRecordData(findTypeNumber(type), wire), decoded);
      const record = { ...randomRecord(random, type), data: decoded };
      const text = formatRecord(record);
      assert.deepEqual(encodeRecordData(type, parseRecord(text).data), wire, text);
    }
  });
}

test('whole messages decode to what was encoded, with and without compression', () => {
  const random = new Random(7);
  for (let round = 0; round < 2_000; round++) {
    const message = randomMessage(random);
    const plain = decodeMessage(encodeMessage(message, { compress: false }));
    assert.ok(plain.ok);
    const { answers, authorities, additionals, ...header } = message;
    const { answers: a, authorities: b, additionals: c, ...plainHeader } = plain.message;
    assert.deepEqual(plainHeader, header);
    assert.deepEqual([a.length, b.length, c.length], [answers.length, authorities.length, additionals.length]);
    const compressed = encodeMessage(message);
    const again = decodeMessage(compressed);
    assert.ok(again.ok);
    assert.equal(again.end, compressed.length);
    // Compression may give a name the letter case of its first occurrence, and nothing else.
    assert.equal(caseless(again.message), caseless(plain.message));
  }
});

function caseless(value: unknown): string {
  return JSON.stringify(value).toLowerCase();
}
