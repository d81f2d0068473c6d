// Messages from the grammar of RFC 9112, and the same after mutation: the input of the differential test.
import type { Random } from './random.ts';
import type { TSide } from './parsed.ts';

const METHODS = ['GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'M-SEARCH'];
const TARGETS = ['/', '/a', '/a/b?c=d', '/%41', '/a%2fb', '/?', '//x', '/a;b=c', '/a.b_c-d~e', "/!$&'()*+,=:@", '*'];
const NAMES = ['X-A', 'Accept', 'Cookie', 'x', 'User-Agent', 'X_y', "!#$%&'*+-.^_`|~", 'Range', 'Expect', 'Te'];
const VALUES = [
  '',
  'v',
  'a, b',
  '"q"',
  'a\tb',
  ' v ',
  '\tv',
  'text/html;q=0.5',
  'caf\xe9',
  '0',
  'chunked',
  '100-continue',
];
const REASONS = ['OK', '', 'Not Found', 'a b', 'r\xe9'];
const STATUS = ['200', '404', '500', '304', '204', '301', '201'];
const BODIES = ['', 'x', 'hello', '0\r\n\r\n', 'GET /in HTTP/1.1\r\nHost: in\r\n\r\n', '\r\n', 'a'.repeat(40)];
const EXTENSIONS = ['', '', '', '', ';a', ';a=b', ';a="q;r"', '; a=b', ';a=b;c=d', ' ;a'];
const CONNECTION = ['keep-alive', 'close', 'Keep-Alive, X-A', 'upgrade', 'x'];
const LENGTH_FORMS = [(n: number) => `${n}`, (n: number) => `0${n}`, (n: number) => `${n} `, (n: number) => `\t${n}`];
const CODINGS = ['chunked', 'Chunked', 'gzip, chunked', 'chunked, gzip', 'identity', 'chunked, chunked', 'xchunked'];

/** Bytes that parsers disagree about. */
const ODD_BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\t',
  ' ',
  ':',
  ';',
  ',',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xff',
  '"',
  '0',
  '-',
];

function chunked(random: Random, body: string): string {
  let out = '';
  for (let at = 0; at < body.length;) {
    const size = 1 + random.below(body.length - at);
    const hex = size.toString(16);
    out += `${random.once(4) ? `0${hex.toUpperCase()}` : hex}${random.pick(EXTENSIONS)}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  const trailers = random.once(5) ? `${random.pick(NAMES)}: ${random.pick(VALUES)}\r\n` : '';
  return `${out}0${random.pick(EXTENSIONS)}\r\n${trailers}\r\n`;
}

function startLine(random: Random, side: TSide): string {
  const version = random.once(8) ? 'HTTP/1.0' : 'HTTP/1.1';
  if (side === 'response') return `${version} ${random.pick(STATUS)} ${random.pick(REASONS)}`;
  const target = random.once(12) ? 'http://h.test/p?q' : random.pick(TARGETS);
  return `${random.pick(METHODS)} ${target} ${version}`;
}

/** Field lines and body that agree with each other, most of the time. */
function framing(random: Random): { lines: string[]; body: string } {
  const body = random.pick(BODIES);
  const form = random.below(10);
  if (form < 4) return { lines: [], body: '' };
  if (form < 7) return { lines: [`Content-Length: ${random.pick(LENGTH_FORMS)(body.length)}`], body };
  if (form < 9) {
    const coding = random.once(5) ? random.pick(CODINGS) : 'chunked';
    return { lines: [`Transfer-Encoding: ${coding}`], body: chunked(random, body) };
  }
  return {
    lines: [`Content-Length: ${body.length + random.below(3)}`, `Transfer-Encoding: ${random.pick(CODINGS)}`],
    body: chunked(random, body),
  };
}

/** One message that is valid, or nearly. */
export function generateMessage(random: Random, side: TSide): string {
  const lines: string[] = [];
  if (side === 'request' && !random.once(30)) lines.push(`Host: ${random.pick(['h.test', 'h.test:80', 'H.Test', ''])}`);
  for (let count = random.below(4); count > 0; count -= 1) lines.push(`${random.pick(NAMES)}: ${random.pick(VALUES)}`);
  if (random.once(4)) lines.push(`Connection: ${random.pick(CONNECTION)}`);
  if (random.once(20)) lines.push('Upgrade: websocket');
  const { lines: framed, body } = framing(random);
  lines.splice(random.below(lines.length + 1), 0, ...framed);
  if (random.once(4)) lines.sort(() => random.below(3) - 1);
  return `${startLine(random, side)}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

type TMutation = (random: Random, text: string) => string;

function splice(text: string, at: number, remove: number, insert: string): string {
  return text.slice(0, at) + insert + text.slice(at + remove);
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

const MUTATIONS: readonly TMutation[] = [
  // A byte replaced, put in or taken out anywhere.
  (random, text) => splice(text, random.below(text.length), 1, String.fromCharCode(random.below(256))),
  (random, text) => splice(text, random.below(text.length), 1, random.pick(ODD_BYTES)),
  (random, text) => splice(text, random.below(text.length + 1), 0, random.pick(ODD_BYTES)),
  (random, text) => splice(text, random.below(text.length), 1 + random.below(3), ''),
  // A line ended otherwise.
  (random, text) => {
    const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index);
    return ends.length === 0
      ? text
      : splice(text, random.pick(ends), 2, random.pick(['\n', '\r', '\r\r\n', '\n\r', '']));
  },
  // Something odd at a line's start, or around a colon.
  (random, text) => splice(text, random.pick(lineStarts(text)), 0, random.pick(ODD_BYTES)),
  (random, text) => {
    const at = text.indexOf(':', random.below(text.length));
    return at < 0 ? text : splice(text, at + random.below(2), 0, random.pick(ODD_BYTES));
  },
  // A line doubled or moved.
  (random, text) => {
    const starts = lineStarts(text);
    const index = random.below(starts.length);
    const line = text.slice(starts[index], starts[index + 1]);
    return splice(text, random.pick(starts), 0, line);
  },
  // Framing fields that contradict.
  (random, text) => {
    const at = text.indexOf('\r\n') + 2;
    const field = random.pick([
      'Content-Length: 5\r\n',
      'Content-Length: 0\r\n',
      'Content-Length: +1\r\n',
      'Content-Length: 1,1\r\n',
      'Content-Length: 0x5\r\n',
      'Content-Length: 99999999999999999999\r\n',
      'Content-Length:\r\n',
      'Content-Length : 3\r\n',
      'Content_Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Transfer-Encoding : chunked\r\n',
      'Transfer-Encoding:\tchunked\r\n',
      'Transfer-Encoding: "chunked"\r\n',
      'Transfer-Encoding: chunked;q=1\r\n',
      'Transfer-Encoding:\r\n chunked\r\n',
      'Host: other\r\n',
      'X: y\r\n folded\r\n',
    ]);
    return splice(text, at, 0, field);
  },
  // A chunk size that is wrong, huge, signed or not hexadecimal.
  (random, text) =>
    text.replace(/\r\n([0-9a-f]+)(;[^\r]*)?\r\n/i, () => {
      const size = random.pick([
        '0x5',
        '-1',
        '+5',
        ' 5',
        '5 ',
        '5\t',
        '',
        'g',
        'fffffffffffffffff',
        '00000000000000000005',
        '5_',
      ]);
      return `\r\n${size}${random.pick(EXTENSIONS)}\r\n`;
    }),
  // Cut short.
  (random, text) => text.slice(0, random.below(text.length + 1)),
];

/** One connection's bytes: one to three messages, most of them mutated once or more. */
export function generateStream(random: Random, side: TSide): string {
  let text = '';
  for (let count = 1 + random.below(3); count > 0; count -= 1) text += generateMessage(random, side);
  const changes = random.below(4);
  for (let count = 0; count < changes && text.length > 0; count += 1) text = random.pick(MUTATIONS)(random, text);
  return text;
}

/** The same bytes as the network might deliver them: whole, byte by byte, or in a few pieces. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  if (random.once(2)) return [bytes];
  const pieces: Buffer[] = [];
  const longest = random.once(3) ? 1 : 1 + random.below(bytes.length + 1);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(longest);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
