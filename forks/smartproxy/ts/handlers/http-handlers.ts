/**
 * Socket handlers that speak HTTP. They run Node's HTTP server on the connection they are given, so that requests are
 * parsed, bodies drained and connections kept as everywhere.
 *
 * @module
 */
import { createServer, STATUS_CODES, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { IRouteContext } from '../interfaces/context.ts';
import type { TSocketHandler } from '../interfaces/route.ts';
import { handlerLimits } from '../limits/handlers.ts';
import { Template } from '../template/template.ts';

/** The request as {@link httpServer} hands it to its function. Recalled. */
export interface IHandlerRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** What the function answers with. Recalled. */
export interface IHandlerResponse {
  status(code: number): void;
  header(name: string, value: string): void;
  send(data: string): void;
  end(): void;
}

const FORBIDDEN = 403;
const FOUND_PERMANENTLY = 301;
const BAD_REQUEST = 400;
const PAYLOAD_TOO_LARGE = 413;
const SERVER_ERROR = 500;

/** The context of each connection that a handler's server serves. */
const contexts = new WeakMap<Socket, IRouteContext>();

function serve(listener: RequestListener): TSocketHandler {
  let server: Server | null = null;
  return (socket, context) => {
    server ??= createServer({ maxHeaderSize: handlerLimits.headBytesMax }, listener).setTimeout(handlerLimits.idleMs);
    contexts.set(socket, context);
    server.emit('connection', socket);
  };
}

/** Answers every request with a redirect; the location may hold `{domain}`, `{path}` (query included), `{port}`, `{clientIp}`. */
export function redirect(locationTemplate: string, statusCode: number = FOUND_PERMANENTLY): TSocketHandler {
  const template = new Template(locationTemplate);
  return serve((request, response) => {
    const context = contextOf(request);
    if (context === null) {
      response.writeHead(BAD_REQUEST, { 'Connection': 'close', 'Content-Length': 0 }).end();
      return;
    }
    const location = template.render(context);
    response.writeHead(statusCode, { 'Location': location, 'Content-Length': 0 }).end();
  });
}

/** Answers every request with a status and a short text, and closes. */
export function httpBlock(statusCode: number = FORBIDDEN, message?: string): TSocketHandler {
  const body = message ?? STATUS_CODES[statusCode] ?? 'Blocked';
  return serve((_, response) => {
    response
      .writeHead(statusCode, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
        'Connection': 'close',
      })
      .end(body);
  });
}

/** Calls a function per request, bodies read whole. */
export function httpServer(
  handler: (request: IHandlerRequest, response: IHandlerResponse) => void | Promise<void>,
): TSocketHandler {
  return serve((request, response) => {
    void (async () => {
      const body = await readBody(request);
      if (body === null) {
        response.writeHead(PAYLOAD_TOO_LARGE, { 'Connection': 'close', 'Content-Length': 0 }).end();
        return;
      }
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
      await handler(
        { method: request.method ?? '', url: request.url ?? '', headers, ...(body !== '' && { body }) },
        {
          status: (code) => void (response.statusCode = code),
          header: (name, value) => void response.setHeader(name, value),
          send: (data) => {
            if (!response.headersSent) response.setHeader('Content-Length', Buffer.byteLength(data));
            response.end(data);
          },
          end: () => void response.end(),
        },
      );
    })().catch(() => {
      // A function that throws must not leave its client waiting.
      if (!response.headersSent) response.writeHead(SERVER_ERROR, { 'Connection': 'close', 'Content-Length': 0 });
      response.end();
    });
  });
}

/** The body as text, or null when it is over the limit. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > handlerLimits.bodyBytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Facts for a redirect from the request itself; null where its Host or target cannot stand in a location. */
function contextOf(request: IncomingMessage): IRouteContext | null {
  const connection = contexts.get(request.socket);
  const given = request.headers.host;
  const host = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/.exec(given ?? '')?.[1];
  // The SNI stands in for an absent Host, never for one that is no host.
  const domain = given === undefined || given === '' ? connection?.domain : host;
  if (connection === undefined || domain === undefined) return null;
  // Only a path can follow the host: `*` and absolute targets would make another address of it.
  if (!/^\/(?![/\\])/.test(request.url ?? '')) return null;
  return { ...connection, domain, path: request.url };
}
