// http-proxy-3 with a keep-alive agent.
import { Agent } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { listen } from './front.ts';
import { UPSTREAM_SOCKETS, target } from './scenario.ts';
import type { IHandProxy } from './shape.ts';

const agent = new Agent({ keepAlive: true, maxSockets: UPSTREAM_SOCKETS, maxFreeSockets: UPSTREAM_SOCKETS });
const proxy = createProxyServer({ target, agent, xfwd: true }) as unknown as IHandProxy;
proxy.on('error', (_error, _request, response) => response.destroy());
listen(
  (request, response) => proxy.web(request, response),
  (request, socket, head) => proxy.ws(request, socket, head),
);
