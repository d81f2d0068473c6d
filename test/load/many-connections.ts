/**
 * A client program that holds many connections at once. It speaks with its parent in lines on stdin and stdout:
 * `ask` sends one request on every connection, `part` closes them, half in order and half by a reset.
 *
 *   node many-connections.ts <port> <host> <connections>
 *
 * @module
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Connections being made, or requests under way, at one time: the backlog and the backend are not what is tested. */
const WINDOW = 200;

const [port, host, count] = [Number(process.argv[2]), process.argv[3]!, Number(process.argv[4])];
const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const sockets: Socket[] = [];
let lost = 0;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Does `work` for every number below `count`, {@link WINDOW} of them at a time. */
async function forAll(work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}

function open(at: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    sockets[at] = socket;
    socket.once('connect', () => resolve());
    socket.on('error', () => {});
    socket.once('close', () => {
      lost += 1;
      resolve();
    });
  });
}

/** Resolves to whether the answer was the expected one; it is small enough to come whole. */
function ask(socket: Socket): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let text = '';
    const onData = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      if (!text.endsWith('held')) return;
      socket.off('data', onData);
      resolve(text.startsWith('HTTP/1.1 200 '));
    };
    socket.on('data', onData);
    socket.once('close', () => resolve(false));
    socket.write(request);
  });
}

async function part(): Promise<void> {
  await forAll((at) => {
    const socket = sockets[at]!;
    if (socket.destroyed) return Promise.resolve();
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    if (at % 2 === 0) socket.end();
    else socket.resetAndDestroy();
    return closed;
  });
}

await forAll(open);
say(`open ${count - lost}`);
for await (const line of createInterface(process.stdin)) {
  if (line === 'ask') {
    let answered = 0;
    await forAll(async (at) => {
      if (await ask(sockets[at]!)) answered += 1;
    });
    say(`answered ${answered} lost ${lost}`);
  } else if (line === 'part') {
    await part();
    say('parted');
    break;
  }
}
