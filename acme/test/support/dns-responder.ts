/**
 * A name server for tests: every A is 127.0.0.1, TXT comes from a map, the rest is empty.
 *
 * @module
 */
import { createSocket } from 'node:dgram';

export interface IDnsResponder {
  readonly port: number;
  /** TXT values by lower-case name without final dot. */
  readonly txt: Map<string, Set<string>>;
  close(): Promise<void>;
}

function readName(packet: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let offset = start;
  for (let length = packet[offset] ?? 0; length !== 0; length = packet[offset] ?? 0) {
    labels.push(packet.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: offset + 1 };
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

export async function startDnsResponder(): Promise<IDnsResponder> {
  const txt = new Map<string, Set<string>>();
  const socket = createSocket('udp4');
  socket.on('message', (packet, peer) => {
    const { name, end } = readName(packet, 12);
    const type = packet.readUInt16BE(end);
    let answers: Buffer[] = [];
    if (type === 1) answers = [record(1, Buffer.from([127, 0, 0, 1]))];
    if (type === 16) {
      answers = [...(txt.get(name) ?? [])].map((text) => record(16, Buffer.from([text.length, ...Buffer.from(text)])));
    }
    const head = Buffer.from(packet.subarray(0, end + 4));
    head.writeUInt16BE(0x8580, 2);
    head.writeUInt16BE(answers.length, 6);
    head.fill(0, 8, 12);
    socket.send(Buffer.concat([head, ...answers]), peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    txt,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
