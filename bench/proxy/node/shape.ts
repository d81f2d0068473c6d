// What http-proxy and its descendants have in common; their own types differ in detail.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface IHandProxy {
  web(request: IncomingMessage, response: ServerResponse): unknown;
  ws(request: IncomingMessage, socket: Duplex, head: Buffer): unknown;
  on(
    event: 'error',
    listener: (error: Error, request: IncomingMessage, response: { destroy(): unknown }) => void,
  ): unknown;
}
