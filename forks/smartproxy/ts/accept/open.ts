/**
 * Opening a port in this process.
 *
 * @module
 */
import type { IWorkerSeat } from '../cluster/seat.ts';
import type { IEngine } from '../connection/engine.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import { accept } from './acceptor.ts';
import { Listener } from './listener.ts';

/** Listens on a port that the routes name, or takes a socket over that listens already. @throws ProxyError */
export async function openPort(
  engine: IEngine,
  options: ISmartProxyOptions,
  seat: IWorkerSeat | null,
  port: number,
): Promise<Listener> {
  const listener = new Listener(port, engine.settings, (socket, from) => accept(engine, socket, from));
  const inherited = options.takeListener?.(port);
  if (inherited !== undefined) {
    await listener.adopt(inherited);
    return listener;
  }
  const bindPort = options.ephemeralPorts === true ? 0 : (seat?.bindPort(port) ?? port);
  await listener.listen(bindPort, options.listenAddress, seat !== null);
  return listener;
}
