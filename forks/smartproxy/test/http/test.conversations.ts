// Random conversations: requests of every framing, sent ahead in pieces of any size, with checks that wait, slow readers
// and clients that end their side. Whatever happens, each request has its own answer, in order.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { seededRandom } from '../helpers/random.ts';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const SEED = Number(process.env.SEED ?? 20_261_127);
const CONVERSATIONS = Number(process.env.CONVERSATIONS ?? 60);
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

interface ISent {
  readonly bytes: string;
  /** What the body of the answer says; null where it has none. */
  readonly answer: string | null;
  readonly status: number;
}

const digest = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex');

/** Says which request it answers and what its body was, in a framing that the path asks for. */
function answer(req: IncomingMessage, res: ServerResponse): void {
  const hash = createHash('sha1');
  let length = 0;
  req.on('data', (bytes: Buffer) => {
    hash.update(bytes);
    length += bytes.length;
  });
  req.on('end', () => {
    const { searchParams: ask } = new URL(req.url!, 'http://a.test');
    const text = `${ask.get('id')} ${length} ${hash.digest('hex')} ${'.'.repeat(Number(ask.get('size')))}`;
    const send = (): void => {
      if (ask.get('framing') === 'chunked' && req.method !== 'HEAD') {
        res.writeHead(200, { Trailer: 'X-Sum' });
        res.write(text.slice(0, 5));
        res.addTrailers({ 'X-Sum': '1' });
        res.end(text.slice(5));
      } else res.writeHead(200, { 'Content-Length': text.length }).end(text);
    };
    if (ask.get('late') === null) send();
    else setImmediate(() => setImmediate(send));
  });
}

/** One request; `next` gives a whole number below its argument. */
function makeRequest(id: number, next: (below: number) => number): ISent {
  const size = next(6) === 0 ? 90_000 : next(50);
  const late = next(2) === 0 ? '&late=1' : '';
  const path = `?id=${id}&size=${size}&framing=${next(2) === 0 ? 'chunked' : 'length'}${late}`;
  const said = (body: string): string => `${id} ${body.length} ${digest(body)} ${'.'.repeat(size)}`;
  const host = 'Host: a.test\r\n';
  const body = String.fromCharCode(97 + (id % 26)).repeat(next(5) === 0 ? 80_000 : next(100));
  switch (next(7)) {
    case 0:
      return { bytes: `HEAD /${path} HTTP/1.1\r\n${host}\r\n`, answer: null, status: 200 };
    case 1:
      return {
        bytes: `POST /${path} HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`,
        answer: said(body),
        status: 200,
      };
    case 2: {
      const half = body.length >> 1;
      const chunk = (part: string): string => (part === '' ? '' : `${part.length.toString(16)}\r\n${part}\r\n`);
      const framed = `${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\nX-In: 1\r\n\r\n`;
      const bytes = `PUT /${path} HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${framed}`;
      return { bytes, answer: said(body), status: 200 };
    }
    case 3:
      return { bytes: `GET /canned HTTP/1.1\r\n${host}\r\n`, answer: 'canned', status: 200 };
    case 4:
      return {
        bytes: `GET /waits${path} HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`,
        answer: said(''),
        status: 200,
      };
    case 5:
      return {
        bytes: `GET /waits/no HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`,
        answer: 'Forbidden\n',
        status: 403,
      };
    default:
      return { bytes: `GET /${path} HTTP/1.1\r\n${host}\r\n`, answer: said(''), status: 200 };
  }
}

/** The next answer in `text` from `at`, interim ones left out; null while it is not whole. */
function readAnswer(text: string, at: number, isHead: boolean): { status: number; body: string; end: number } | null {
  const headEnd = text.indexOf('\r\n\r\n', at);
  if (headEnd < 0) return null;
  const head = text.slice(at, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)![1]);
  let from = headEnd + 4;
  if (isHead) return { status, body: '', end: from };
  const length = /\r\nContent-Length: (\d+)/i.exec(head);
  if (length !== null) {
    const end = from + Number(length[1]);
    return end > text.length ? null : { status, body: text.slice(from, end), end };
  }
  assert.match(head, /\r\nTransfer-Encoding: chunked/i);
  let body = '';
  for (;;) {
    const line = text.indexOf('\r\n', from);
    if (line < 0) return null;
    const size = Number.parseInt(text.slice(from, line), 16);
    if (size === 0) break;
    body += text.slice(line + 2, line + 2 + size);
    from = line + 2 + size + 2;
    if (from > text.length) return null;
  }
  const end = text.indexOf('\r\n\r\n', from);
  return end < 0 ? null : { status, body, end: end + 4 };
}

async function converse(client: RawClient, sent: readonly ISent[], next: (below: number) => number): Promise<void> {
  const bytes = sent.map((request) => request.bytes).join('');
  const isSlow = next(3) === 0;
  let at = 0;
  while (at < bytes.length) {
    const piece = [1 + next(20), 1 + next(2_000), 1 + next(70_000)][next(3)]!;
    client.send(bytes.slice(at, at + piece));
    at += piece;
    if (isSlow && next(4) === 0) client.socket.pause();
    if (next(2) === 0) await turn();
    if (next(4) === 0) client.socket.resume();
  }
  client.socket.resume();
  const endsEarly = next(2) === 0;
  if (endsEarly) client.socket.end();
  const answers = (): Array<{ status: number; body: string }> => {
    const { text } = client;
    const found: Array<{ status: number; body: string }> = [];
    let from = 0;
    for (const { answer: wanted } of sent) {
      const one = readAnswer(text, from, wanted === null);
      if (one === null) break;
      found.push({ status: one.status, body: one.body });
      from = one.end;
    }
    return found;
  };
  await client.until(({ ended }) => (endsEarly ? ended : answers().length === sent.length));
  const expected = sent.map(({ status, answer: body }) => ({ status, body: body ?? '' }));
  assert.deepEqual(answers(), expected);
  client.socket.destroy();
}

test(`each request has its own answer, in order (seed ${SEED})`, async (t) => {
  const random = seededRandom(SEED);
  const next = (below: number): number => Math.floor(random() * below);
  const backend = await startHttp(t, answer);
  const canned = forwardTo(backend.port, { name: 'canned' }, { path: '/canned' });
  canned.action = { type: 'forward', advanced: { testResponse: { status: 200, headers: {}, body: 'canned' } } };
  const waits = forwardTo(backend.port, { name: 'waits' }, { path: '/waits*' });
  waits.action.websocket = {
    enabled: true,
    authenticateRequest: async ({ path }) => {
      for (let turns = 0; turns < 3; turns += 1) await turn();
      return path !== '/waits/no';
    },
  };
  const routes = [forwardTo(backend.port), canned, waits];
  const { key, cert } = selfSignedCertificate(['a.test']);
  const tls = { mode: 'terminate' as const, certificate: { key, cert } };
  const secure = routes.map((route) => ({ ...route, action: { ...route.action, tls } }));
  for (const kind of ['auto', 'net', 'TLS'] as const) {
    const isTls = kind === 'TLS';
    const options = isTls ? {} : { sockets: kind };
    const { port, ledger } = await startProxy(t, isTls ? secure : routes, options);
    let requests = 0;
    for (let at = 0; at < CONVERSATIONS; at += 1) {
      const sent = Array.from({ length: 1 + next(12) }, (_, id) => makeRequest(id, next));
      requests += sent.length;
      const client = isTls ? await RawClient.openTls(port(8080), 'a.test') : await RawClient.open(port(8080));
      try {
        await converse(client, sent, next);
      } catch (error) {
        throw new Error(`conversation ${at} with ${kind}: ${sent.map(({ bytes }) => bytes.slice(0, 60)).join(' | ')}`, {
          cause: error,
        });
      }
    }
    await ledger.settled();
    assert.equal(ledger.requests.length, requests);
  }
});
