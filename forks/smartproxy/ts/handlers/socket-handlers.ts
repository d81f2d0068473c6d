/**
 * Ready-made socket handlers. That the object exists with block and redirect members is confirmed for upstream 21.x;
 * names and parameters of the members are recalled.
 *
 * @module
 */
import { connect, type Socket } from 'node:net';
import type { IRouteContext } from '../interfaces/context.ts';
import type { TSocketHandler } from '../interfaces/route.ts';
import { handlerLimits } from '../limits/handlers.ts';
import { httpBlock, httpServer, redirect } from './http-handlers.ts';

const LF = 0x0a;
const HEAD_END = '\r\n\r\n';

/** Sends back what comes. */
const echo: TSocketHandler = (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
};

/** A tunnel to a fixed target. */
function proxy(targetHost: string, targetPort: number): TSocketHandler {
  return (socket) => {
    const target = connect({ host: targetHost, port: targetPort, allowHalfOpen: true });
    target.setTimeout(handlerLimits.connectMs, () => target.destroy());
    target.once('connect', () => target.setTimeout(0));
    const end = () => {
      target.destroy();
      socket.destroy();
    };
    for (const side of [socket, target]) side.on('error', end).on('close', end);
    socket.pipe(target);
    target.pipe(socket);
  };
}

/** Calls a function per line, without its line break. The connection is closed when a line is over the limit. */
function lineProtocol(handler: (line: string, socket: Socket) => void): TSocketHandler {
  return (socket) => {
    let held: Buffer = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let from = 0;
      for (let end = held.indexOf(LF); end >= 0 && !socket.destroyed; end = held.indexOf(LF, from)) {
        handler(held.toString('utf8', from, end).replace(/\r$/, ''), socket);
        from = end + 1;
      }
      held = held.subarray(from);
      if (held.length > handlerLimits.lineBytesMax) socket.destroy();
    });
  };
}

/** Answers the first request head with the text that the function makes of it, and closes. */
function httpResponse(handler: (request: string) => string): TSocketHandler {
  return (socket) => {
    let held = '';
    const onData = (chunk: Buffer) => {
      held += chunk.toString('latin1');
      if (!held.includes(HEAD_END)) {
        if (held.length > handlerLimits.requestTextBytesMax) socket.destroy();
        return;
      }
      socket.off('data', onData);
      socket.end(handler(held));
      socket.resume();
    };
    socket.on('error', () => socket.destroy());
    socket.on('data', onData);
  };
}

/** Sends a short text, if given, and closes. */
function block(message?: string): TSocketHandler {
  return (socket: Socket, context: IRouteContext) => {
    socket.on('error', () => socket.destroy());
    socket.end(`${message ?? `Connection blocked from ${context.clientIp}`}\n`);
    socket.resume();
  };
}

export const SocketHandlers = Object.freeze({
  echo,
  proxy,
  lineProtocol,
  httpResponse,
  block,
  httpBlock,
  httpRedirect: redirect,
  httpServer,
});
