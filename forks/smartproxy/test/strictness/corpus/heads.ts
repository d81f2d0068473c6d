// Request heads that two parsers could read differently. Each is followed by a second request that must never arrive.
import type { IAttack } from './shape.ts';

const HOST = 'Host: h.test\r\n';
const get = (fields: string): string => `GET /attack HTTP/1.1\r\n${HOST}${fields}\r\n`;
const post = (fields: string, body = ''): string => `POST /attack HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
const line = (text: string): string => `${text}\r\n${HOST}\r\n`;

/** Two framing fields, or one that is not what it seems. */
const framing: readonly IAttack[] = [
  {
    name: 'CL.TE',
    bytes: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    reason: 'content-length-with-transfer-encoding',
    status: 400,
  },
  {
    name: 'TE.CL',
    bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'),
    reason: 'content-length-with-transfer-encoding',
    status: 400,
  },
  {
    name: 'TE.TE, second coding unknown',
    bytes: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  {
    name: 'TE.TE, first coding unknown',
    bytes: post('Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  {
    name: 'TE.TE, chunked twice',
    bytes: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  {
    name: 'TE list with chunked twice',
    bytes: post('Transfer-Encoding: chunked, chunked\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  {
    name: 'TE chunked not last',
    bytes: post('Transfer-Encoding: chunked, identity\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  { name: 'TE identity', bytes: post('Transfer-Encoding: identity\r\n'), reason: 'bad-transfer-coding', status: 400 },
  { name: 'TE xchunked', bytes: post('Transfer-Encoding: xchunked\r\n'), reason: 'bad-transfer-coding', status: 400 },
  { name: 'TE quoted', bytes: post('Transfer-Encoding: "chunked"\r\n'), reason: 'bad-transfer-coding', status: 400 },
  {
    name: 'TE with a parameter',
    bytes: post('Transfer-Encoding: chunked;q=1\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  { name: 'TE empty', bytes: post('Transfer-Encoding:\r\n'), reason: 'bad-transfer-coding', status: 400 },
  {
    name: 'TE after a vertical tab',
    bytes: post('Transfer-Encoding: \x0bchunked\r\n'),
    reason: 'control-byte',
    status: 400,
  },
  {
    name: 'TE with a tab behind',
    bytes: post('Transfer-Encoding: chunked\t\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  {
    name: 'TE with a comma in front',
    bytes: post('Transfer-Encoding: ,chunked\r\n'),
    reason: 'bad-transfer-coding',
    status: 400,
  },
  { name: 'TE folded', bytes: post('Transfer-Encoding:\r\n chunked\r\n'), reason: 'obs-fold', status: 400 },
  {
    name: 'TE behind a bare line feed',
    bytes: post('X: y\nTransfer-Encoding: chunked\r\n'),
    reason: 'bare-lf',
    status: 400,
  },
  {
    name: 'TE behind a bare carriage return',
    bytes: post('X: y\rTransfer-Encoding: chunked\r\n'),
    reason: 'bare-cr',
    status: 400,
  },
  {
    name: 'TE with a space before the colon',
    bytes: post('Transfer-Encoding : chunked\r\n'),
    reason: 'space-before-colon',
    status: 400,
  },
  {
    name: 'TE with a tab before the colon',
    bytes: post('Transfer-Encoding\t: chunked\r\n'),
    reason: 'space-before-colon',
    status: 400,
  },
  {
    name: 'TE name split by a line feed',
    bytes: post('Transfer-Encoding\n: chunked\r\n'),
    reason: 'bare-lf',
    status: 400,
  },
  {
    name: 'TE in HTTP/1.0',
    bytes: `POST /attack HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    reason: 'bad-transfer-coding',
    status: 400,
  },
  {
    name: 'two lengths that differ',
    bytes: post('Content-Length: 0\r\nContent-Length: 44\r\n'),
    reason: 'content-length-repeated',
    status: 400,
  },
  {
    name: 'two equal lengths',
    bytes: post('Content-Length: 1\r\nContent-Length: 1\r\n', 'x'),
    reason: 'content-length-repeated',
    status: 400,
  },
  { name: 'length list', bytes: post('Content-Length: 1, 1\r\n', 'x'), reason: 'bad-content-length', status: 400 },
  { name: 'length with a plus', bytes: post('Content-Length: +1\r\n', 'x'), reason: 'bad-content-length', status: 400 },
  { name: 'length negative', bytes: post('Content-Length: -1\r\n'), reason: 'bad-content-length', status: 400 },
  {
    name: 'length hexadecimal',
    bytes: post('Content-Length: 0x1\r\n', 'x'),
    reason: 'bad-content-length',
    status: 400,
  },
  {
    name: 'length with an inner space',
    bytes: post('Content-Length: 1 1\r\n', 'x'.repeat(11)),
    reason: 'bad-content-length',
    status: 400,
  },
  { name: 'length empty', bytes: post('Content-Length:\r\n'), reason: 'bad-content-length', status: 400 },
  {
    name: 'length past 2^64',
    bytes: post('Content-Length: 18446744073709551617\r\n', 'x'),
    reason: 'bad-content-length',
    status: 400,
  },
  {
    name: 'length past 2^53',
    bytes: post('Content-Length: 9007199254740993\r\n', 'x'),
    reason: 'bad-content-length',
    status: 400,
  },
  {
    name: 'length after a form feed',
    bytes: post('Content-Length: \x0c1\r\n', 'x'),
    reason: 'control-byte',
    status: 400,
  },
  {
    name: 'length with an underscore in digits',
    bytes: post('Content-Length: 1_0\r\n', 'x'.repeat(10)),
    reason: 'bad-content-length',
    status: 400,
  },
  {
    name: 'length with a space before the colon',
    bytes: post('Content-Length : 1\r\n', 'x'),
    reason: 'space-before-colon',
    status: 400,
  },
];

/** Lines that end, fold or hold what they must not. */
const lines: readonly IAttack[] = [
  {
    name: 'bare line feeds throughout',
    bytes: 'GET /attack HTTP/1.1\nHost: h.test\n\n',
    reason: 'bare-lf',
    status: 400,
  },
  {
    name: 'bare line feed after the request line',
    bytes: `GET /attack HTTP/1.1\n${HOST}\r\n`,
    reason: 'bare-lf',
    status: 400,
  },
  { name: 'bare line feed after a field', bytes: get('X: y\nZ: w\r\n'), reason: 'bare-lf', status: 400 },
  {
    name: 'bare line feed ends the head',
    bytes: `GET /attack HTTP/1.1\r\n${HOST}\nX: y\r\n\r\n`,
    reason: 'bare-lf',
    status: 400,
  },
  { name: 'bare carriage return in a value', bytes: get('X: a\rb\r\n'), reason: 'bare-cr', status: 400 },
  { name: 'carriage return before the line end', bytes: get('X: a\r\r\n'), reason: 'bare-cr', status: 400 },
  { name: 'obs-fold with a space', bytes: get('X: a\r\n b\r\n'), reason: 'obs-fold', status: 400 },
  { name: 'obs-fold with a tab', bytes: get('X: a\r\n\tb\r\n'), reason: 'obs-fold', status: 400 },
  {
    name: 'first field line starts with a space',
    bytes: `GET /attack HTTP/1.1\r\n ${HOST}\r\n`,
    reason: 'obs-fold',
    status: 400,
  },
  { name: 'NUL in a value', bytes: get('X: a\0b\r\n'), reason: 'control-byte', status: 400 },
  { name: 'NUL in a name', bytes: get('X\0Y: a\r\n'), reason: 'control-byte', status: 400 },
  { name: 'control byte in a value', bytes: get('X: a\x01b\r\n'), reason: 'control-byte', status: 400 },
  { name: 'DEL in a value', bytes: get('X: a\x7fb\r\n'), reason: 'control-byte', status: 400 },
  { name: 'space before the colon', bytes: get('X : y\r\n'), reason: 'space-before-colon', status: 400 },
  { name: 'empty name', bytes: get(': y\r\n'), reason: 'bad-field-name', status: 400 },
  { name: 'no colon', bytes: get('Xy\r\n'), reason: 'bad-field-name', status: 400 },
  { name: 'space inside a name', bytes: get('X y: z\r\n'), reason: 'space-before-colon', status: 400 },
  { name: 'parenthesis in a name', bytes: get('X(y: z\r\n'), reason: 'bad-field-name', status: 400 },
  { name: 'byte above 127 in a name', bytes: get('X\xe9: z\r\n'), reason: 'bad-field-name', status: 400 },
];

/** Who is meant, and by which version. */
const identity: readonly IAttack[] = [
  { name: 'no Host', bytes: 'GET /attack HTTP/1.1\r\nX: y\r\n\r\n', reason: 'host-missing', status: 400 },
  { name: 'duplicate Host', bytes: get('Host: other.test\r\n'), reason: 'host-repeated', status: 400 },
  { name: 'duplicate equal Host', bytes: get(HOST), reason: 'host-repeated', status: 400 },
  {
    name: 'Host list',
    bytes: 'GET /attack HTTP/1.1\r\nHost: h.test, other.test\r\n\r\n',
    reason: 'bad-host',
    status: 400,
  },
  {
    name: 'Host with a path',
    bytes: 'GET /attack HTTP/1.1\r\nHost: h.test/x\r\n\r\n',
    reason: 'bad-host',
    status: 400,
  },
  {
    name: 'Host with user information',
    bytes: 'GET /attack HTTP/1.1\r\nHost: h.test@other\r\n\r\n',
    reason: 'bad-host',
    status: 400,
  },
  {
    name: 'Host with a space',
    bytes: 'GET /attack HTTP/1.1\r\nHost: h.test other\r\n\r\n',
    reason: 'bad-host',
    status: 400,
  },
  {
    name: 'Host with a bad port',
    bytes: 'GET /attack HTTP/1.1\r\nHost: h.test:8x\r\n\r\n',
    reason: 'bad-host',
    status: 400,
  },
  ...['[a b]', '[::1 x]', '[v1.a]', '[fe80::1%25eth0]', '[:::]', '[::1]x', 'h.test:65536'].map((host) => ({
    name: `Host ${host}`,
    bytes: `GET /attack HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    reason: 'bad-host',
    status: 400,
  })),
  {
    name: 'absolute target against Host',
    bytes: line('GET http://other.test/attack HTTP/1.1'),
    reason: 'authority-mismatch',
    status: 400,
  },
  { name: 'HTTP/0.9', bytes: 'GET /attack\r\n', reason: 'http-version', status: 400, versionAllowed: true },
  { name: 'HTTP/2.0', bytes: line('GET /attack HTTP/2.0'), reason: 'http-version', status: 505 },
  { name: 'HTTP/1.2', bytes: line('GET /attack HTTP/1.2'), reason: 'http-version', status: 505, versionAllowed: true },
  {
    name: 'HTTP/1.10',
    bytes: line('GET /attack HTTP/1.10'),
    reason: 'bad-start-line',
    status: 400,
    versionAllowed: true,
  },
  {
    name: 'lower-case protocol',
    bytes: line('GET /attack http/1.1'),
    reason: 'bad-start-line',
    status: 400,
    versionAllowed: true,
  },
  {
    name: 'two spaces in the request line',
    bytes: line('GET  /attack HTTP/1.1'),
    reason: 'bad-start-line',
    status: 400,
  },
  { name: 'tab in the request line', bytes: line('GET\t/attack HTTP/1.1'), reason: 'bad-start-line', status: 400 },
  {
    name: 'space after the version',
    bytes: line('GET /attack HTTP/1.1 '),
    reason: 'bad-start-line',
    status: 400,
    versionAllowed: true,
  },
  { name: 'space before the method', bytes: line(' GET /attack HTTP/1.1'), reason: 'bad-start-line', status: 400 },
  { name: 'method with a colon', bytes: line('GE:T /attack HTTP/1.1'), reason: 'bad-start-line', status: 400 },
  { name: 'NUL in the target', bytes: line('GET /att\0ack HTTP/1.1'), reason: 'control-byte', status: 400 },
  {
    name: 'byte above 127 in the target',
    bytes: line('GET /att\xe9ack HTTP/1.1'),
    reason: 'bad-start-line',
    status: 400,
  },
  {
    name: 'space in the target',
    bytes: line('GET /att ack HTTP/1.1'),
    reason: 'bad-start-line',
    status: 400,
    versionAllowed: true,
  },
  { name: 'target without a slash', bytes: line('GET attack HTTP/1.1'), reason: 'bad-target', status: 400 },
  { name: 'bad percent-encoding', bytes: line('GET /att%zzack HTTP/1.1'), reason: 'bad-percent-encoding', status: 400 },
  {
    name: 'CONNECT',
    bytes: line('CONNECT h.test:443 HTTP/1.1'),
    reason: 'connect-method',
    status: 400,
    anyRefusal: true,
  },
  {
    name: 'target of 9,000 bytes',
    bytes: line(`GET /${'a'.repeat(9_000)} HTTP/1.1`),
    reason: 'target-too-long',
    status: 414,
  },
  { name: 'field of 20,000 bytes', bytes: get(`X: ${'a'.repeat(20_000)}\r\n`), reason: 'head-too-large', status: 431 },
  { name: 'a thousand fields', bytes: get('X: y\r\n'.repeat(1_000)), reason: 'too-many-fields', status: 431 },
];

/** Every head that must be refused before anything reaches a backend. */
export const refusedHeads: readonly IAttack[] = [...framing, ...lines, ...identity];
