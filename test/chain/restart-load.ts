/**
 * Load that never pauses: each kind of client runs its own loop and keeps every failure.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Agent, createServer, request, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';

/** RFC 6455 §1.3. */
const webSocketKey = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const closeOpcode = 8;

export interface IBackend {
  readonly port: number;
  /** Lets every download under way finish. */
  finishDownloads(): void;
}

export const downloadStart = 'a'.repeat(10_000);
export const downloadEnd = 'z'.repeat(10_000);

/** Answers at once, or in two halves under `/slow`; echoes WebSocket frames. */
export async function startBackend(t: TestContext): Promise<IBackend> {
  const held: ServerResponse[] = [];
  const server = createServer((incoming, response) => {
    if (incoming.url !== '/slow') response.end('ok');
    else {
      response.write(downloadStart);
      held.push(response);
    }
  });
  server.on('upgrade', (incoming, socket: Duplex) => {
    const key = incoming.headers['sec-websocket-key']!;
    const accept = createHash('sha1').update(`${key}${webSocketKey}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => {});
    socket.on('data', (frame: Buffer) => {
      socket.write(unmasked(frame));
      // The server ends the connection once both have said that they close (RFC 6455 §7.1.1).
      if ((frame[0]! & 15) === closeOpcode) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    finishDownloads: () => {
      for (const response of held.splice(0)) response.end(downloadEnd);
    },
  };
}

/** A short masked frame as the server sends it back. */
function unmasked(frame: Buffer): Buffer {
  const length = frame[1]! & 127;
  const mask = frame.subarray(2, 6);
  const payload = Buffer.from(frame.subarray(6, 6 + length)).map((byte, at) => byte ^ mask[at % 4]!);
  return Buffer.concat([Buffer.from([frame[0]!, length]), payload]);
}

export async function get(port: number, path: string, agent: Agent | false): Promise<string> {
  const outgoing = request({ host: '127.0.0.1', port, path, agent, headers: { host: 'app.test' } });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  return body;
}

const question = Buffer.concat([
  Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  Buffer.from('\x03www\x07example\x04test\x00\x00\x01\x00\x01', 'latin1'),
]);

function assertAnswer(answer: Buffer): void {
  if (answer.readUInt16BE(6) !== 1) throw new Error(`no answer in ${answer.toString('hex')}`);
}

async function askTcp(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.end(Buffer.concat([Buffer.from([0, question.length]), question]));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  assertAnswer(Buffer.concat(chunks).subarray(2));
}

async function askUdp(port: number): Promise<void> {
  const socket = createSocket('udp4');
  try {
    socket.send(question, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    assertAnswer(answer);
  } finally {
    socket.close();
  }
}

export class Load {
  readonly done = { keepAlive: 0, fresh: 0, dnsUdp: 0, dnsTcp: 0 };
  readonly failures: string[] = [];
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(http: number, dns: number) {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const loop = async (kind: keyof Load['done'], once: () => Promise<unknown>): Promise<void> => {
      while (!this.#stopped) {
        await once().then(
          () => {
            this.done[kind] += 1;
          },
          (error: unknown) => this.failures.push(`${kind}: ${String(error)}`),
        );
      }
    };
    this.#loops = [
      ...Array.from({ length: 4 }, async () => await loop('keepAlive', async () => await get(http, '/', agent))),
      ...Array.from({ length: 2 }, async () => await loop('fresh', async () => await get(http, '/', false))),
      loop('dnsUdp', async () => await askUdp(dns)),
      loop('dnsTcp', async () => await askTcp(dns)),
    ];
    this.#loops.push(Promise.all(this.#loops).then(() => agent.destroy()));
  }

  /** Resolves when every kind has done `count` more. */
  async more(count: number): Promise<void> {
    const goal = Object.entries(this.done).map(([kind, done]) => [kind as keyof Load['done'], done + count] as const);
    while (goal.some(([kind, wanted]) => this.done[kind] < wanted)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}
