// The question back with one A record glued on: what a server without any logic would do.
import { ADDRESS, TTL_SECONDS } from '../scenario.ts';
import { bindSocket } from './scenario.ts';

const record = Buffer.from([
  0xc0,
  12,
  0,
  1,
  0,
  1,
  0,
  0,
  TTL_SECONDS >> 8,
  TTL_SECONDS & 255,
  0,
  4,
  ...ADDRESS.split('.').map(Number),
]);
const out = Buffer.alloc(512);
const socket = bindSocket();
socket.on('message', (message, peer) => {
  let end = 12;
  while (message[end] !== 0) end += message[end]! + 1;
  end += 5;
  message.copy(out, 0, 0, end);
  out[2] = 0x84 | (message[2]! & 0x79);
  out[3] = 0;
  out.writeUInt16BE(1, 6);
  out.writeUInt32BE(0, 8);
  record.copy(out, end);
  // A copy, because the send may still hold the bytes when the next message comes.
  socket.send(Buffer.from(out.subarray(0, end + record.length)), peer.port, peer.address);
});
