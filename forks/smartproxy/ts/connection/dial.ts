/**
 * Connecting to targets.
 *
 * @module
 */
import net from 'node:net';
import { ProxySocket } from './socket.ts';
import type { ISocketOwner } from './socket.ts';

/** A socket owner that waits for a connection. */
export interface IDialOwner extends ISocketOwner {
  onConnected(socket: ProxySocket): void;
}

/** Starts connecting; the owner hears `onConnected` or `onSocketGone`. */
export function dial(owner: IDialOwner, host: string, port: number, noDelay: boolean): ProxySocket {
  const socket = new ProxySocket();
  socket.owner = owner;
  socket.on('connect', onConnect);
  if (noDelay) socket.setNoDelay(true);
  socket.connect({ host, port });
  return socket;
}

function onConnect(this: ProxySocket): void {
  if (this.owner !== null) (this.owner as IDialOwner).onConnected(this);
}

/** The code that Node gives a connect error; aggregates (several addresses) carry that of the last. */
export function errorCode(error: Error | null): string {
  if (error === null) return 'closed';
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  if (error instanceof AggregateError) return errorCode((error.errors as Error[]).at(-1) ?? null);
  return 'error';
}

/** `host:port` as it names a target; IPv6 addresses in brackets. */
export function targetName(host: string, port: number): string {
  return net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
