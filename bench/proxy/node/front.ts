// The listening half that the peers share: node:http or node:https in front of a request handler.
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { scenario, tlsOptions } from './scenario.ts';

type THandler = (request: IncomingMessage, response: ServerResponse) => void;
type TUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Starts listening; the peer's own handlers do the rest. */
export function listen(handler: THandler, upgrade?: TUpgrade): void {
  const server: Server = scenario.kind === 'https' ? createHttps(tlsOptions(), handler) : createHttp(handler);
  server.keepAliveTimeout = 120_000;
  if (upgrade) server.on('upgrade', upgrade);
  server.listen({ port: scenario.listenPort, host: '127.0.0.1', backlog: 4096 });
}
