// Two sockets joined by pipe: what Node costs before any proxying.
import { connect, createServer } from 'node:net';
import { scenario } from './scenario.ts';

createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: scenario.backendPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}).listen({ port: scenario.listenPort, host: '127.0.0.1', backlog: 4096 });
