// One question over UDP, written and read octet by octet.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;
const ANSWER_TIMEOUT_MS = 5_000;
const typeNumbers: Readonly<Record<string, number>> = { A: 1, TXT: 16 };
const rcodeNames = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

export interface IReply {
  readonly rcode: string;
  readonly bytes: number;
  /** Where the question came from. */
  readonly clientPort: number;
}

export async function ask(port: number, name: string, type = 'A'): Promise<IReply> {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const query = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...labels, Buffer.from([0, 0, typeNumbers[type]!, 0, 1])]);
  query.writeUInt16BE(0x1234, 0);
  query.writeUInt16BE(1, 4);
  const socket = createSocket('udp4');
  try {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.send(query, port, '127.0.0.1');
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const [reply] = (await once(socket, 'message', { signal })) as [Buffer];
    return { rcode: rcodeNames[reply[3]! & 0x0f]!, bytes: reply.length, clientPort: socket.address().port };
  } finally {
    socket.close();
  }
}
