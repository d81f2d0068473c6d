// The tests of the engine that live on sockets, once more on Node's own streams: the way of runtimes without handles.
process.env['SMARTPROXY_SOCKETS'] = 'net';

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
