// dns-packet's decode and encode over a plain socket.
import { createRequire } from 'node:module';
import { ADDRESS, TTL_SECONDS } from '../scenario.ts';
import { bindSocket } from './scenario.ts';

interface IPacket {
  readonly id: number;
  readonly questions: ReadonlyArray<{ readonly name: string; readonly type: string }>;
}

const codec = createRequire(import.meta.url)('dns-packet') as {
  readonly AUTHORITATIVE_ANSWER: number;
  decode(bytes: Buffer): IPacket;
  encode(packet: object): Buffer;
};
const socket = bindSocket();
socket.on('message', (message, peer) => {
  const query = codec.decode(message);
  const { name } = query.questions[0]!;
  const answers = [{ name, type: 'A', class: 'IN', ttl: TTL_SECONDS, data: ADDRESS }];
  const reply = {
    id: query.id,
    type: 'response',
    flags: codec.AUTHORITATIVE_ANSWER,
    questions: query.questions,
    answers,
  };
  socket.send(codec.encode(reply), peer.port, peer.address);
});
