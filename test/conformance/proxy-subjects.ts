// The proxies that the proxy suite is held against, behind one face.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SmartProxy, type IProxyStats, type IRouteConfig } from '@dcrouter/smartproxy';
import { MetricsAwareProxy } from '@dcrouter/smartproxy/wrap';
import { freePorts } from '../helpers/ports.ts';
import { StandInSmartProxy, type IStandInRoute } from './stand-in-smartproxy.ts';

export type TProxySubjectName = 'fork' | 'wrapped stand-in';

export interface IProxyEvent {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A running proxy with an echo route and a route to an echo server. */
export interface IProxySubject {
  /** Leads to a socket handler that echoes. */
  readonly handlerPort: number;
  /** Forwards to an echo server. */
  readonly forwardPort: number;
  readonly stats: IProxyStats;
  readonly events: readonly IProxyEvent[];
  stop(): Promise<void>;
}

export type TStartProxy = () => Promise<IProxySubject>;

const echo = (socket: Socket): void => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
};

async function startEcho(): Promise<{ port: number; stop: () => void }> {
  const server = createServer(echo).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
}

function record(source: { on(name: string, listener: (payload: never) => void): unknown }): IProxyEvent[] {
  const events: IProxyEvent[] = [];
  for (const name of ['connection-open', 'connection-close']) {
    source.on(name, (payload) => events.push({ name, payload }));
  }
  return events;
}

async function makeRoutes(): Promise<{ routes: IStandInRoute[]; ports: readonly number[]; stopEcho: () => void }> {
  const [handlerPort = 0, forwardPort = 0] = await freePorts(2);
  const target = await startEcho();
  const routes: IStandInRoute[] = [
    { name: 'handler', match: { ports: handlerPort }, action: { type: 'socket-handler', socketHandler: echo } },
    {
      name: 'forward',
      match: { ports: forwardPort },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: target.port }] },
    },
  ];
  return { routes, ports: [handlerPort, forwardPort], stopEcho: target.stop };
}

async function startFork(): Promise<IProxySubject> {
  const { routes, ports, stopEcho } = await makeRoutes();
  const proxy = new SmartProxy({ routes: routes as unknown as IRouteConfig[] });
  const events = record(proxy as unknown as Parameters<typeof record>[0]);
  await proxy.start();
  const stop = async (): Promise<void> => {
    await proxy.stop();
    stopEcho();
  };
  return { handlerPort: ports[0]!, forwardPort: ports[1]!, stats: proxy.getStats(), events, stop };
}

async function startWrapped(): Promise<IProxySubject> {
  const { routes, ports, stopEcho } = await makeRoutes();
  const wrapper = new MetricsAwareProxy(new StandInSmartProxy({ routes }));
  const events = record(wrapper as unknown as Parameters<typeof record>[0]);
  await wrapper.proxy.start();
  const stop = async (): Promise<void> => {
    await wrapper.proxy.stop();
    wrapper.unwrap();
    stopEcho();
  };
  return { handlerPort: ports[0]!, forwardPort: ports[1]!, stats: wrapper.getStats(), events, stop };
}

export const proxySubjects: Readonly<Record<TProxySubjectName, TStartProxy>> = {
  'fork': startFork,
  'wrapped stand-in': startWrapped,
};
