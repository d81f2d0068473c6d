// The oracle itself must see what it is trusted to see: otherwise the differential test proves nothing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateStream } from './generator.ts';
import { createOracle } from './llhttp.ts';
import { type IParsed, difference } from './parsed.ts';
import { Random } from './random.ts';

const oracle = createOracle();
const request = (text: string): IParsed => oracle.parse('request', [Buffer.from(text, 'latin1')]);

describe('llhttp as an oracle', () => {
  test('delivers heads, bodies and pipelined messages', () => {
    const seen = request(
      'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: h\r\nX: \ty \r\n\r\n',
    );
    assert.equal(seen.error, undefined);
    assert.deepEqual(
      seen.messages.map((message) => [message.start, message.body, message.complete]),
      [
        ['POST /a 1.1', 'hi', true],
        ['GET /b 1.1', '', true],
      ],
    );
    assert.deepEqual(seen.messages[1]!.fields[1], ['X', 'y']);
  });

  test('decodes chunks and keeps more field lines than one batch holds', () => {
    const lines = Array.from({ length: 70 }, (_, index) => `H${index}: v\r\n`).join('');
    const seen = request(
      `POST / HTTP/1.1\r\n${lines}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nT: v\r\n\r\n`,
    );
    assert.equal(seen.messages[0]!.fields.length, 71);
    assert.equal(seen.messages[0]!.body, 'abc');
    assert.equal(seen.messages[0]!.complete, true);
  });

  test('is strict', () => {
    for (const text of [
      'GET / HTTP/1.1\nHost: h\n\n',
      'GET / HTTP/1.1\r\nHost : h\r\n\r\n',
      'GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'GET / HTTP/1.1\r\nX: y\r\n folded\r\n\r\n',
    ]) {
      assert.notEqual(request(text).error, undefined, JSON.stringify(text));
    }
  });

  test('a lenient reading is noticed as a difference', () => {
    const strict = request('GET / HTTP/1.1\r\nHost : h\r\n\r\n');
    const lenient: IParsed = {
      error: undefined,
      messages: [{ start: 'GET / 1.1', fields: [['Host', 'h']], body: '', complete: true }],
    };
    assert.match(difference(lenient, strict) ?? '', /is accepted, the oracle says HPE_/);
    assert.equal(difference({ messages: [], error: 'refused' }, strict), undefined);
  });

  test('the generator makes both valid and invalid streams', () => {
    const random = new Random(1);
    let valid = 0;
    let refused = 0;
    for (let count = 0; count < 2_000; count += 1) {
      const side = count % 2 === 0 ? 'request' : 'response';
      const seen = oracle.parse(side, [Buffer.from(generateStream(random, side), 'latin1')]);
      if (seen.error !== undefined) refused += 1;
      else if (seen.messages.length > 0) valid += 1;
    }
    assert.ok(valid > 300 && refused > 300, `${valid} valid, ${refused} refused`);
  });
});
