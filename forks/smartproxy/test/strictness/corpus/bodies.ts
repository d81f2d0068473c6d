// Chunked bodies that are wrong after a head that was right. The request must never be complete behind the proxy.
import type { IBrokenBody, ILawful } from './shape.ts';
import { SMUGGLED } from './shape.ts';

export const brokenBodies: readonly IBrokenBody[] = [
  { name: 'chunk size hexadecimal with a prefix', reason: 'bad-chunk-size', body: '0x5\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size with a plus', reason: 'bad-chunk-size', body: '+5\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size negative', reason: 'bad-chunk-size', body: '-5\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size with a space in front', reason: 'bad-chunk-size', body: ' 5\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size with a space behind', reason: 'bad-chunk-size', body: '5 \r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size with a tab behind', reason: 'bad-chunk-size', body: '5\t\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size with an underscore', reason: 'bad-chunk-size', body: '0_5\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size empty', reason: 'bad-chunk-size', body: '\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size not a number', reason: 'bad-chunk-size', body: 'g\r\nhello\r\n0\r\n\r\n' },
  {
    name: 'chunk size that overflows 64 bits',
    reason: 'bad-chunk-size',
    body: '10000000000000005\r\nhello\r\n0\r\n\r\n',
  },
  { name: 'chunk size of 2^53', reason: 'bad-chunk-size', body: '20000000000000\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size ended by a bare line feed', reason: 'bare-lf', body: '5\nhello\r\n0\r\n\r\n' },
  { name: 'chunk size ended by a bare carriage return', reason: 'bare-cr', body: '5\rhello\r\n0\r\n\r\n' },
  { name: 'chunk data longer than its size', reason: 'bad-chunk-end', body: '4\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk data shorter than its size', reason: 'bad-chunk-end', body: '6\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk data ended by a bare line feed', reason: 'bad-chunk-end', body: '5\r\nhello\n0\r\n\r\n' },
  { name: 'chunk data not ended', reason: 'bad-chunk-end', body: '5\r\nhello0\r\n\r\n' },
  { name: 'chunk extension with a bare line feed', reason: 'bare-lf', body: '5;a\nhello\r\n0\r\n\r\n' },
  { name: 'chunk extension with a bare carriage return', reason: 'bare-cr', body: '5;a\rb\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk extension with a NUL', reason: 'bad-chunk-extension', body: '5;a\0b\r\nhello\r\n0\r\n\r\n' },
  {
    name: 'chunk extension of 20,000 bytes',
    reason: 'chunk-extension-too-long',
    body: `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  },
  { name: 'last chunk ended by a bare line feed', reason: 'bare-lf', body: '5\r\nhello\r\n0\n\r\n' },
  {
    name: 'trailer with a space before the colon',
    reason: 'space-before-colon',
    body: '5\r\nhello\r\n0\r\nX : y\r\n\r\n',
  },
  { name: 'trailer folded', reason: 'obs-fold', body: '5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n' },
  { name: 'trailer ended by a bare line feed', reason: 'bare-lf', body: '5\r\nhello\r\n0\r\nX: y\n\r\n' },
  { name: 'trailer with a NUL', reason: 'control-byte', body: '5\r\nhello\r\n0\r\nX: \0\r\n\r\n' },
  { name: 'trailer that gives a length', reason: 'bad-trailer', body: '5\r\nhello\r\n0\r\nContent-Length: 44\r\n\r\n' },
  {
    name: 'trailer that gives a coding',
    reason: 'bad-trailer',
    body: '5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n',
  },
  {
    // Found by the long differential run: llhttp takes the connection for closed, and what follows for a fault.
    name: 'trailer that closes the connection',
    reason: 'bad-trailer',
    body: '5\r\nhello\r\n0\r\nConnection: close\r\n\r\n',
  },
  {
    name: 'trailer that closes the connection to a proxy',
    reason: 'bad-trailer',
    body: '5\r\nhello\r\n0\r\nProxy-Connection: close\r\n\r\n',
  },
  {
    name: 'trailer that asks for another protocol',
    reason: 'bad-trailer',
    body: '5\r\nhello\r\n0\r\nUpgrade: websocket\r\n\r\n',
  },
  { name: 'chunk extension without a name', reason: 'bad-chunk-extension', body: '5;\r\nhello\r\n0\r\n\r\n' },
  { name: 'chunk extension behind a space', reason: 'bad-chunk-extension', body: '5; a=b\r\nhello\r\n0\r\n\r\n' },
  {
    name: 'trailers of 40,000 bytes',
    reason: 'trailer-too-large',
    body: `5\r\nhello\r\n0\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`,
  },
];

const request = (head: string, body = ''): string => `${head}\r\nHost: h.test\r\n${body}`;

/** Shapes that look like attacks and are not: each request arrives once, with exactly its body. */
export const lawfulStreams: readonly ILawful[] = [
  {
    name: 'CL.0: a body that looks like a request',
    bytes: request('POST /outer HTTP/1.1', `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`),
    arrivals: [{ method: 'POST', target: '/outer', body: SMUGGLED }],
  },
  {
    name: 'a GET with a body that looks like a request',
    bytes: request('GET /outer HTTP/1.1', `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`),
    arrivals: [{ method: 'GET', target: '/outer', body: SMUGGLED }],
  },
  {
    name: 'a chunk that looks like a request',
    bytes: request(
      'POST /outer HTTP/1.1',
      `Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)};a=b\r\n${SMUGGLED}\r\n0\r\nX-T: v\r\n\r\n`,
    ),
    arrivals: [{ method: 'POST', target: '/outer', body: SMUGGLED }],
  },
  {
    name: 'pipelined requests, with and without bodies',
    bytes:
      request('POST /one HTTP/1.1', 'Content-Length: 3\r\n\r\nabc') +
      request('GET /two HTTP/1.1', '\r\n') +
      request('POST /three HTTP/1.1', 'Transfer-Encoding: Chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n') +
      request('GET /four HTTP/1.1', '\r\n'),
    arrivals: [
      { method: 'POST', target: '/one', body: 'abc' },
      { method: 'GET', target: '/two', body: '' },
      { method: 'POST', target: '/three', body: 'xyz' },
      { method: 'GET', target: '/four', body: '' },
    ],
  },
  {
    name: 'fields that only look like framing',
    bytes: request('GET /outer HTTP/1.1', 'Content_Length: 44\r\nX-Transfer-Encoding: chunked\r\n\r\n'),
    arrivals: [{ method: 'GET', target: '/outer', body: '' }],
  },
  {
    name: 'hop-by-hop fields, those named by Connection too',
    bytes: request(
      'GET /outer HTTP/1.1',
      'Connection: X-Secret\r\nX-Secret: s\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: trailers\r\n\r\n',
    ),
    arrivals: [{ method: 'GET', target: '/outer', body: '' }],
    removed: ['x-secret', 'keep-alive', 'proxy-connection'],
  },
  {
    name: 'h2c upgrade is not offered to the backend',
    bytes: request(
      'GET /outer HTTP/1.1',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    ),
    arrivals: [{ method: 'GET', target: '/outer', body: '' }],
    removed: ['http2-settings'],
  },
  {
    // Found by the long differential run: llhttp reads nothing behind an upgrade that we do not take.
    name: 'what follows an upgrade that is not taken',
    bytes: request(
      'POST /outer HTTP/1.1',
      `Connection: Upgrade\r\nUpgrade: web,socket\r\nContent-Length: 5\r\n\r\nhello${SMUGGLED}`,
    ),
    arrivals: [{ method: 'POST', target: '/outer', body: 'hello' }],
  },
  {
    name: 'what follows an upgrade in HTTP/1.0',
    bytes: request(
      'POST /outer HTTP/1.0',
      `Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello${SMUGGLED}`,
    ),
    arrivals: [{ method: 'POST', target: '/outer', body: 'hello' }],
  },
];
