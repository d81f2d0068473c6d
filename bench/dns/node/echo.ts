// Node's limit: the query back with the response bit set.
import { bindSocket } from './scenario.ts';

const socket = bindSocket();
socket.on('message', (message, peer) => {
  message[2] = message[2]! | 0x80;
  socket.send(message, peer.port, peer.address);
});
