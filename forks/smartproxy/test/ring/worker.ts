// A proxy in a thread, in front of a target elsewhere; it ends in the way that it is told.
import { parentPort, workerData } from 'node:worker_threads';
import { SmartProxy } from '@dcrouter/smartproxy';
import { moves } from '../../ts/ring/moves.ts';
import { acquireRing, releaseRing } from '../../ts/ring/rings.ts';

moves.reads = 1;
moves.readsAgain = 1;
const { port } = workerData as { port: number };
const proxy = new SmartProxy({
  listenAddress: '127.0.0.1',
  ephemeralPorts: true,
  maxConnectionsPerIP: 0,
  sockets: 'ring',
  routes: [{ match: { ports: 9000 }, action: { type: 'forward', targets: [{ host: '127.0.0.1', port }] } }],
});
await proxy.start();
parentPort!.postMessage({ port: proxy.listeningPort(9000) });
parentPort!.on('message', (how: string) => {
  if (how === 'users') {
    const ring = acquireRing();
    parentPort!.postMessage({ users: typeof ring === 'string' ? ring : ring.users });
    releaseRing();
  } else if (how === 'exit') process.exit(0);
  else if (how === 'stop') void proxy.stop({ drainTimeout: 0 }).then(() => parentPort!.close());
});
