// The two formats, held against lines written by hand from the description of Apache's mod_log_config.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonLogLine } from '../../ts/log/clf.ts';
import { exchange } from './tools.ts';

const NONE = new Set<string>();

test('a line in the Common Log Format', () => {
  assert.equal(
    commonLogLine(exchange(), false, NONE),
    '192.0.2.7 - - [10/Oct/2000:20:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 200 2326\n',
  );
});

test('a line in the combined form', () => {
  assert.equal(
    commonLogLine(exchange(), true, NONE),
    '192.0.2.7 - - [10/Oct/2000:20:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 200 2326 ' +
      '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"\n',
  );
});

test('what is missing is a dash: no referer, no status, no bytes, no readable request', () => {
  const bare = exchange({
    referer: undefined,
    userAgent: undefined,
    statusCode: 0,
    bytesOut: 0,
    method: '',
    duration: 0,
  });
  assert.equal(commonLogLine(bare, true, NONE), '192.0.2.7 - - [10/Oct/2000:20:55:37 +0000] "-" - - "-" "-"\n');
});

test('what a client sends neither ends its field nor its line', () => {
  const evil = exchange({
    clientIp: '2001:db8::1',
    path: '/"quoted\\',
    userAgent: 'x" 200 1\n192.0.2.1 - - \u00e9\x00',
    referer: undefined,
  });
  assert.equal(
    commonLogLine(evil, true, NONE),
    '2001:db8::1 - - [10/Oct/2000:20:55:36 +0000] "GET /\\"quoted\\\\ HTTP/1.0" 200 2326 ' +
      '"-" "x\\" 200 1\\x0a192.0.2.1 - - \\xe9\\x00"\n',
  );
});

test('hidden fields are dashes', () => {
  const hidden = new Set(['clientIp', 'path', 'referer', 'userAgent']);
  assert.equal(
    commonLogLine(exchange(), true, hidden),
    '- - - [10/Oct/2000:20:55:36 +0000] "GET - HTTP/1.0" 200 2326 "-" "-"\n',
  );
});

/** An analyser of its own: the combined form as a grammar, with Apache's escapes undone. */
const COMBINED =
  /^(\S+) (\S+) (\S+) \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$/;

test('an analyser gets back what was sent, for any bytes', () => {
  const unescape = (text: string): string =>
    text.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, char: string) =>
      hex === undefined ? char : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  for (let first = 0; first < 256; first += 8) {
    const userAgent = `a${String.fromCharCode(...Array.from({ length: 8 }, (_, n) => first + n))}z`;
    const found = COMBINED.exec(commonLogLine(exchange({ userAgent }), true, NONE).slice(0, -1));
    assert.ok(found, `from ${first}`);
    assert.equal(unescape(found[15]!), userAgent);
    const [, , , , day, month, year, h, m, s, zone] = found;
    assert.equal(Date.parse(`${day} ${month} ${year} ${h}:${m}:${s} ${zone}`), Date.parse('2000-10-10T20:55:36Z'));
  }
});
