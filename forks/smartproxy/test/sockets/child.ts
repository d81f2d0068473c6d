// A process of its own that starts a proxy, sends one message through it, and tells which sockets it had.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { SmartProxy } from '@dcrouter/smartproxy';
import { useHandles } from '../../ts/connection/sockets.ts';

const target = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
await once(target, 'listening');
const { port } = target.address() as AddressInfo;
const proxy = new SmartProxy({
  listenAddress: '127.0.0.1',
  ephemeralPorts: true,
  routes: [{ match: { ports: 9000 }, action: { type: 'forward', targets: [{ host: '127.0.0.1', port }] } }],
});
await proxy.start();
const client = connect(proxy.listeningPort(9000)!, '127.0.0.1');
client.write('ping');
const [bytes] = (await once(client, 'data')) as [Buffer];
client.destroy();
await proxy.stop({ drainTimeout: 0 });
target.close();
process.stdout.write(JSON.stringify({ onHandles: useHandles(undefined), echoed: bytes.toString() }));
