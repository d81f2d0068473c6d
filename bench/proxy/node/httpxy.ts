// httpxy with a keep-alive agent.
import { Agent } from 'node:http';
import { createProxyServer } from 'httpxy';
import { listen } from './front.ts';
import { UPSTREAM_SOCKETS, target } from './scenario.ts';
import type { IHandProxy } from './shape.ts';

const agent = new Agent({ keepAlive: true, maxSockets: UPSTREAM_SOCKETS, maxFreeSockets: UPSTREAM_SOCKETS });
const proxy = createProxyServer({ target, agent, xfwd: true }) as unknown as IHandProxy;
proxy.on('error', (_error, _request, response) => response.destroy());
listen(
  (request, response) => void proxy.web(request, response),
  (request, socket, head) => void proxy.ws(request, socket, head),
);
