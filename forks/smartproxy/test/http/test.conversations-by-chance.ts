// Conversations by chance: pipelined requests of every kind, cut anywhere, read fast and slowly, on each kind of socket.
// Every request is answered, in order, with the bytes that belong to it; nothing waits for ever.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { hashPassword } from '../../ts/security/password-hash.ts';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { seededRandom } from '../helpers/random.ts';

const SEED = Number(process.env['CONVERSATION_SEED'] ?? 1);
const ROUNDS = Number(process.env['CONVERSATION_ROUNDS'] ?? 5);
const digest = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex');

interface IPlanned {
  readonly bytes: string;
  /** Status and what the backend tells of method, path and body; '' where the answer has no body. */
  readonly status: number;
  readonly told: string;
}

type TRandom = () => number;
const below = (random: TRandom, limit: number): number => Math.floor(random() * limit);

function planned(random: TRandom, at: number): IPlanned {
  const size = [0, 1, 100, 5_000, 70_000, 300_000][below(random, 6)]!;
  const answer = [0, 1, 3_000, 70_000, 400_000][below(random, 5)]!;
  const framing = ['length', 'chunked'][below(random, 2)]!;
  const path = `/${at}?size=${answer}&framing=${framing}`;
  const body = 'b'.repeat(size);
  const filler = random() < 0.2 ? `X-Fill: ${'f'.repeat(below(random, 12_000))}\r\n` : '';
  const who = random();
  const host = who < 0.3 ? 'b.test' : 'a.test';
  const right = who > 0.05;
  const password = `Authorization: Basic ${btoa(`u:${right ? 'p' : `x${at}`}`)}\r\n`;
  const fields = `Host: ${host}\r\n${host === 'b.test' ? password : ''}${filler}`;
  // A refusal with a body still under way ends the connection, so those have none.
  const method = !right && host === 'b.test' ? 'GET' : ['GET', 'POST', 'PUT', 'HEAD'][below(random, 4)]!;
  const refused = !right && host === 'b.test';
  const hasBody = method === 'POST' || method === 'PUT';
  const told =
    refused || method === 'HEAD' ? '' : `${method} ${path} ${digest(hasBody ? body : '')} ${'a'.repeat(answer)}`;
  const status = refused ? 401 : 200;
  if (!hasBody) return { bytes: `${method} ${path} HTTP/1.1\r\n${fields}\r\n`, status, told };
  if (random() < 0.5)
    return { bytes: `${method} ${path} HTTP/1.1\r\n${fields}Content-Length: ${size}\r\n\r\n${body}`, status, told };
  let chunks = '';
  for (let done = 0; done < size;) {
    const length = Math.min(size - done, 1 + below(random, 40_000));
    chunks += `${length.toString(16)}\r\n${'b'.repeat(length)}\r\n`;
    done += length;
  }
  return {
    bytes: `${method} ${path} HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    status,
    told,
  };
}

/** Takes one response off the front of the text; null when it is not whole. */
function takeResponse(text: string, isHead: boolean): { status: number; body: string; rest: string } | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd + 2);
  const status = Number(head.slice(9, 12));
  const from = headEnd + 4;
  if (isHead) return { status, body: '', rest: text.slice(from) };
  const length = /\r\nContent-Length: (\d+)\r\n/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = from + Number(length);
    return text.length < end ? null : { status, body: text.slice(from, end), rest: text.slice(end) };
  }
  let body = '';
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return null;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (text.length < line + 2 + size + 2) return null;
    if (size === 0) return { status, body, rest: text.slice(line + 4) };
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/** Writes the bytes in pieces, some at once and some apart. */
async function send(random: TRandom, socket: Socket, bytes: string): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const length = [1, 7, 1_000, 65_536, 500_000][below(random, 5)]! * (1 + below(random, 3));
    const taken = socket.write(bytes.slice(at, at + length), 'latin1');
    at += length;
    if (!taken) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    else if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    if (socket.destroyed) return;
  }
}

async function converse(random: TRandom, socket: Socket): Promise<void> {
  const requests = Array.from({ length: 3 + below(random, 12) }, (_, at) => planned(random, at));
  const answered = (async () => {
    let text = '';
    for (const [at, { status, told, bytes }] of requests.entries()) {
      for (;;) {
        const taken = takeResponse(text, bytes.startsWith('HEAD'));
        if (taken !== null) {
          const what = `request ${at}: ${bytes.slice(0, 40)}`;
          assert.equal(taken.status, status, what);
          if (status === 200) assert.ok(taken.body === told, what);
          text = taken.rest;
          break;
        }
        // A slow reader reads in its own time.
        if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 5));
        const part = socket.read() as Buffer | null;
        if (part !== null) text += part.toString('latin1');
        else if (socket.readableEnded || socket.destroyed) throw new Error(`closed before request ${at} was answered`);
        else await Promise.race([once(socket, 'readable'), once(socket, 'close'), once(socket, 'end')]);
      }
    }
    assert.equal(text, '');
  })();
  await Promise.all([answered, send(random, socket, requests.map(({ bytes }) => bytes).join(''))]);
  socket.destroy();
}

for (const [sockets, tls] of [
  ['auto', false],
  ['net', false],
  ['auto', true],
] as const) {
  test(`conversations, sockets: ${sockets}, TLS: ${tls}, seed ${SEED}`, { timeout: 120_000 }, async (t) => {
    const backend = await startHttp(t, (req, res) => {
      const hash = createHash('sha1');
      req.on('data', (part: Buffer) => hash.update(part));
      req.on('end', () => {
        const query = new URL(req.url!, 'http://a.test').searchParams;
        const text = `${req.method} ${req.url} ${hash.digest('hex')} ${'a'.repeat(Number(query.get('size')))}`;
        if (query.get('framing') === 'length') res.setHeader('Content-Length', text.length);
        res.write(text.slice(0, 10));
        res.end(text.slice(10));
      });
    });
    const passwordHash = await hashPassword('p');
    const security = { basicAuth: { enabled: true, users: [{ username: 'u', passwordHash }] } };
    const { key, cert } = selfSignedCertificate(['a.test', 'b.test']);
    const open = forwardTo(backend.port, {}, { domains: 'a.test' });
    const guarded = forwardTo(backend.port, { name: 'guarded', security }, { domains: 'b.test' });
    if (tls) for (const route of [open, guarded]) route.action.tls = { mode: 'terminate', certificate: { key, cert } };
    const { port, proxy, ledger } = await startProxy(t, [open, guarded], { sockets });
    for (let round = 0; round < ROUNDS; round += 1) {
      const seed = SEED * 1_000 + round;
      const clients = [0, 1, 2].map(async (at) => {
        const random = seededRandom(seed * 10 + at);
        const where = { host: '127.0.0.1', port: port(8080) };
        const socket = tls ? connectTls({ ...where, servername: 'a.test', rejectUnauthorized: false }) : connect(where);
        socket.on('error', () => {});
        try {
          await converse(random, socket);
        } catch (error) {
          throw new Error(`seed ${seed}, client ${at}: ${String(error)}`, { cause: error });
        }
      });
      await Promise.all(clients);
    }
    await ledger.settled();
    assert.equal(proxy.stats.getTotals().errors, 0);
  });
}
