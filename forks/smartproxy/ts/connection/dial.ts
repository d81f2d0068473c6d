/**
 * Connecting to targets.
 *
 * @module
 */
import net from 'node:net';
import type { UpstreamCounters } from '../stats/counters.ts';
import type { UpstreamStates } from '../upstream/states.ts';
import { NamedSocket } from '../upstream/named-socket.ts';
import type { ITargetResolver } from '../interfaces/upstreams.ts';
import type { TimerWheel } from '../timing/wheel.ts';
import type { ISettings } from './settings.ts';
import type { IDialOwner, IProxySocket } from './socket.ts';
import { connectSocket } from './sockets.ts';

/** What connecting needs of the engine. */
export interface IDialEngine {
  readonly settings: ISettings;
  readonly wheel: TimerWheel;
  readonly states: UpstreamStates;
  /** Null: names are left to the system. */
  readonly resolver: ITargetResolver | null;
}

/** Starts connecting; the owner hears `onConnected` or `onSocketGone`. */
export function dial(
  owner: IDialOwner,
  engine: IDialEngine,
  host: string,
  port: number,
  counters: UpstreamCounters,
): IProxySocket {
  if (engine.resolver !== null && net.isIP(host) === 0) return new NamedSocket(engine, owner, host, port, counters);
  return connectSocket(owner, host, port, engine.settings);
}

/** The code that Node gives a connect error; aggregates (several addresses) carry that of the last. */
export function errorCode(error: Error | null): string {
  if (error === null) return 'closed';
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  if (error instanceof AggregateError) return errorCode((error.errors as Error[]).at(-1) ?? null);
  return 'error';
}
