// http-proxy with a keep-alive agent: without one it opens a backend connection per request.
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { listen } from './front.ts';
import { UPSTREAM_SOCKETS, target } from './scenario.ts';
import type { IHandProxy } from './shape.ts';

const httpProxy = createRequire(import.meta.url)('http-proxy') as { createProxyServer(options: object): IHandProxy };
const agent = new Agent({ keepAlive: true, maxSockets: UPSTREAM_SOCKETS, maxFreeSockets: UPSTREAM_SOCKETS });
const proxy = httpProxy.createProxyServer({ target, agent, xfwd: true });
proxy.on('error', (_error, _request, response) => response.destroy());
listen(
  (request, response) => proxy.web(request, response),
  (request, socket, head) => proxy.ws(request, socket, head),
);
