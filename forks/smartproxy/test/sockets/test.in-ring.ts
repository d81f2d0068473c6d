// The tests of the engine that live on sockets, once more with every socket in the ring from its second read on.
import { moves } from '../../ts/ring/moves.ts';

process.env['SMARTPROXY_SOCKETS'] = 'ring';
moves.reads = 1;
moves.readsAgain = 1;

await import('../tunnel/test.tunnel.ts');
await import('../http/test.forwarding.ts');
await import('../http/test.faults.ts');
await import('../http/test.target-queue.ts');
await import('../http/test.upgrades.ts');
await import('../websocket/test.watch.ts');
await import('../engine/test.socket-handlers.ts');
await import('../upstream/test.names.ts');
await import('../limits/test.storms.ts');
await import('../tls/test.tls.ts');
