/** A proxy with real listeners, backends that remember what reached them, and clients that speak bytes. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { SmartProxy, type IRouteConfig, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { ProxyLedger } from '../../../../test/laws/proxy.ts';

export interface IWorld {
  readonly proxy: SmartProxy;
  readonly ledger: ProxyLedger;
  /** The bound port of a route's port. */
  readonly port: (routePort: number) => number;
}

/** Starts a proxy on free ports; after the test it is stopped and its numbers must keep every law. */
export async function startProxy(
  t: TestContext,
  routes: IRouteConfig[],
  options: Partial<ISmartProxyOptions> = {},
): Promise<IWorld> {
  const proxy = new SmartProxy({ routes, listenAddress: '127.0.0.1', ephemeralPorts: true, ...options });
  const ledger = new ProxyLedger(proxy);
  await proxy.start();
  t.after(async () => {
    await proxy.stop({ drainTimeout: 0 });
    await ledger.assertDrained();
  });
  return { proxy, ledger, port: (routePort) => proxy.listeningPort(routePort)! };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface IHttpBackend {
  readonly port: number;
  readonly target: { host: string; port: number };
  readonly requests: Array<{ method: string; url: string; headers: IncomingHttpHeaders; rawHeaders: string[] }>;
}

/** Answers every request with its name and further headers. */
export async function httpBackend(
  t: TestContext,
  name = 'backend',
  headers: Record<string, string> = {},
): Promise<IHttpBackend> {
  const requests: IHttpBackend['requests'] = [];
  const server = createHttpServer((request, response) => {
    const { method = '', url = '', headers: received, rawHeaders } = request;
    requests.push({ method, url, headers: received, rawHeaders });
    request.resume().once('end', () => response.writeHead(200, headers).end(name));
  });
  const port = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, target: { host: '127.0.0.1', port }, requests };
}

export interface ITcpBackend {
  readonly port: number;
  readonly target: { host: string; port: number };
  /** What each connection sent, in the order of arrival. */
  readonly received: string[];
}

/** Sends a greeting, keeps what comes as latin1, and answers each piece with `ok`. */
export async function tcpBackend(t: TestContext, greeting = ''): Promise<ITcpBackend> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const at = received.push('') - 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received[at] += chunk.toString('latin1');
      socket.write('ok');
    });
    if (greeting !== '') socket.write(greeting);
  });
  const port = await listen(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, target: { host: '127.0.0.1', port }, received };
}

export interface IClientOptions {
  /** Ends our side once what came satisfies it. */
  readonly until?: RegExp;
  /** Speaks TLS with this SNI. */
  readonly sni?: string;
  /** Ends our side at once. */
  readonly ends?: boolean;
  /** Sent before TLS begins. */
  readonly preface?: Buffer | string;
}

/** Sends bytes and gives back everything that came until the end of the connection. */
export async function talk(port: number, bytes: string | Buffer, options: IClientOptions = {}): Promise<string> {
  const raw = connect(port, '127.0.0.1');
  await once(raw, 'connect');
  if (options.preface !== undefined) raw.write(options.preface);
  const socket =
    options.sni === undefined ? raw : connectTls({ socket: raw, servername: options.sni, rejectUnauthorized: false });
  let text = '';
  const over = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (options.until?.test(text)) socket.end();
    });
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
    raw.once('close', () => resolve());
  });
  socket.write(bytes);
  if (options.ends === true) socket.end();
  await over;
  raw.destroy();
  return text;
}

export interface IGetOptions extends Pick<IClientOptions, 'sni' | 'preface'> {
  readonly host?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
}

export interface IAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Field names in lower case as often as they came. */
  readonly names: readonly string[];
  readonly body: string;
}

/** One request on a connection of its own; status 0 when there was no response. */
export async function get(port: number, path: string, options: IGetOptions = {}): Promise<IAnswer> {
  const { host = 'a.test', method = 'GET', headers = [], ...client } = options;
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''];
  return parseResponse(await talk(port, lines.join('\r\n'), client));
}

export function parseResponse(text: string): IAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...fields] = text.slice(0, Math.max(0, end)).split('\r\n');
  const pairs = fields.map(
    (field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()] as const,
  );
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1] ?? 0),
    headers: Object.fromEntries(pairs),
    names: pairs.map(([name]) => name),
    body: text.slice(end + 4),
  };
}
