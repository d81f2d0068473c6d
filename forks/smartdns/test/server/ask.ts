/**
 * A resolver's end of the wire for tests: builds queries octet by octet, so that it does not share the codec's mistakes.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decodeMessage, type IDnsMessage } from '#wire';

const types: Record<string, number> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
};

export interface IQueryShape {
  name: string;
  type?: string | number;
  class?: number;
  id?: number;
  flags?: number;
  /** UDP size to offer in an OPT record; none without it. */
  edns?: number;
  dnssecOk?: boolean;
  ednsVersion?: number;
  ednsOptions?: Buffer;
  questions?: number;
}

export function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);
}

export function makeQuery(shape: IQueryShape): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(shape.id ?? 0x1234, 0);
  header.writeUInt16BE(shape.flags ?? 0x0100, 2);
  header.writeUInt16BE(shape.questions ?? 1, 4);
  header.writeUInt16BE(shape.edns === undefined ? 0 : 1, 10);
  const type = typeof shape.type === 'number' ? shape.type : types[shape.type ?? 'A']!;
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(shape.class ?? 1, 2);
  const parts = [header, nameBytes(shape.name), tail];
  if (shape.edns !== undefined) {
    const options = shape.ednsOptions ?? Buffer.alloc(0);
    const opt = Buffer.alloc(11);
    opt.writeUInt16BE(41, 1);
    opt.writeUInt16BE(shape.edns, 3);
    opt[6] = shape.ednsVersion ?? 0;
    opt[7] = shape.dnssecOk === true ? 0x80 : 0;
    opt.writeUInt16BE(options.length, 9);
    parts.push(opt, options);
  }
  return Buffer.concat(parts);
}

/** Sends one datagram and waits for the answer; undefined when none comes in `waitMs`. */
export async function askRawUdp(
  port: number,
  packet: Buffer,
  waitMs = 10_000,
  host = '127.0.0.1',
): Promise<Buffer | undefined> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(waitMs) });
    socket.send(packet, port, host);
    const [message] = (await answer) as [Buffer];
    return message;
  } catch (error) {
    if ((error as Error).name === 'AbortError') {
      return undefined;
    }
    throw error;
  } finally {
    socket.close();
  }
}

/** Sends messages over one connection and collects `count` answers in the order they come. */
export async function askRawTcp(port: number, packets: Buffer[], count = packets.length): Promise<Buffer[]> {
  const socket = connect(port, '127.0.0.1');
  const answers: Buffer[] = [];
  let buffered = Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    socket.setTimeout(5_000, () => reject(new Error(`only ${answers.length} of ${count} answers came`)));
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const length = buffered.readUInt16BE(0);
        answers.push(buffered.subarray(2, 2 + length));
        buffered = buffered.subarray(2 + length);
      }
      if (answers.length >= count) {
        resolve();
      }
    });
    socket.write(
      Buffer.concat(
        packets.flatMap((packet) => {
          const prefix = Buffer.alloc(2);
          prefix.writeUInt16BE(packet.length);
          return [prefix, packet];
        }),
      ),
    );
  }).finally(() => socket.destroy());
  return answers;
}

export function decode(packet: Buffer | undefined): IDnsMessage {
  if (packet === undefined) {
    throw new Error('no answer came');
  }
  const result = decodeMessage(packet);
  if (!result.ok) {
    throw new Error(`an answer could not be read: ${result.reason}`);
  }
  return result.message;
}

export async function askUdp(port: number, shape: IQueryShape): Promise<IDnsMessage> {
  return decode(await askRawUdp(port, makeQuery(shape)));
}

export async function askTcp(port: number, shape: IQueryShape): Promise<IDnsMessage> {
  const [answer] = await askRawTcp(port, [makeQuery(shape)]);
  return decode(answer);
}
