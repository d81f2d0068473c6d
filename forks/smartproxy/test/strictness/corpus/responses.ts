// Answers of a backend that must not reach the client as they are, nor leave anything behind for the next request.
import type { IBadResponse } from './shape.ts';

const ok = (fields: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
const EXTRA = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned';

/** Refused with 502: the head cannot be trusted. */
export const badResponseHeads: readonly IBadResponse[] = [
  {
    name: 'length and chunked',
    bytes: ok('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'),
  },
  { name: 'two lengths that differ', bytes: ok('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd') },
  { name: 'length list', bytes: ok('Content-Length: 3, 3\r\n', 'abc') },
  { name: 'length negative', bytes: ok('Content-Length: -1\r\n') },
  { name: 'coding unknown', bytes: ok('Transfer-Encoding: x\r\n', 'abc') },
  { name: 'chunked not last', bytes: ok('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n') },
  { name: 'bare line feeds', bytes: 'HTTP/1.1 200 OK\nContent-Length: 3\n\nabc' },
  { name: 'obs-fold', bytes: ok('X: a\r\n b\r\nContent-Length: 3\r\n', 'abc') },
  { name: 'space before the colon', bytes: ok('Content-Length : 3\r\n', 'abc') },
  { name: 'NUL in a value', bytes: ok('X: a\0b\r\nContent-Length: 3\r\n', 'abc') },
  { name: 'name that is not a token', bytes: ok('X y: z\r\nContent-Length: 3\r\n', 'abc') },
  { name: 'version 2.0', bytes: 'HTTP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc' },
  { name: 'status of two digits', bytes: 'HTTP/1.1 20 OK\r\nContent-Length: 3\r\n\r\nabc' },
  { name: 'status of four digits', bytes: 'HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n\r\nabc' },
  { name: 'status below 100', bytes: 'HTTP/1.1 099 OK\r\nContent-Length: 3\r\n\r\nabc' },
  { name: 'not HTTP', bytes: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' },
  {
    name: '101 that nobody asked for',
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  },
  { name: 'interim response with a length', bytes: `HTTP/1.1 103 Early\r\nContent-Length: 3\r\n\r\nabc` },
  { name: 'head of 100,000 bytes', bytes: ok(`X: ${'a'.repeat(100_000)}\r\n`) },
];

/** The body breaks after the head went to the client: the client must see that it is not whole. */
export const brokenResponseBodies: readonly IBadResponse[] = [
  { name: 'chunk size wrong', bytes: ok('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\nzz\r\n') },
  { name: 'chunk data not ended', bytes: ok('Transfer-Encoding: chunked\r\n', '3\r\nabcd\r\n0\r\n\r\n') },
  { name: 'chunk size ended by a bare line feed', bytes: ok('Transfer-Encoding: chunked\r\n', '3\nabc\r\n0\r\n\r\n') },
];

/** Lawful answers with bytes behind them: those must not answer the next request. */
export const trailingBytes: readonly IBadResponse[] = [
  { name: 'a second response', bytes: ok('Content-Length: 3\r\n', 'abc') + EXTRA },
  { name: 'a body on 204', bytes: `HTTP/1.1 204 No Content\r\n\r\n${EXTRA}` },
  { name: 'a body on 304', bytes: `HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\n${EXTRA}` },
];
