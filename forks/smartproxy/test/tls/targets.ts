// Targets inside TLS, and a proxy that encrypts again towards them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import tls, { type TLSSocket, type TlsOptions } from 'node:tls';
import { CertificateAuthority, selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteBackendTls, IRouteConfig, ISmartProxyOptions } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startProxy, type IRunningProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
export const authority = new CertificateAuthority('Inside');
export const inner = authority.issue({ names: ['inner.test', '127.0.0.1'] });
/** Settings towards a target that has `inner`. */
export const toInner = { ca: authority.cert, servername: 'inner.test' };

export type TProtocol = 'http' | 'tcp';
export type TSockets = 'auto' | 'net';
export const SOCKETS = ['auto', 'net'] as const;
export const PROTOCOLS = ['http', 'tcp'] as const;

export interface ITarget {
  readonly port: number;
  readonly sockets: Set<TLSSocket>;
  /** The last connection's; a promise while there was none. */
  readonly first: Promise<TLSSocket>;
}

/** A target inside TLS; `onSocket` has what comes. */
export async function startTarget(
  t: TestContext,
  options: TlsOptions,
  onSocket: (socket: TLSSocket) => void = answer,
): Promise<ITarget> {
  const sockets = new Set<TLSSocket>();
  const first = Promise.withResolvers<TLSSocket>();
  const server = tls.createServer({ key: inner.key, cert: inner.cert, allowHalfOpen: true, ...options }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
    first.resolve(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, first: first.promise };
}

/** A target without TLS, for what no server of TLS does. */
export async function startBare(t: TestContext, onHello: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => onHello(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers every request that comes whole in one piece. */
export function answer(socket: TLSSocket): void {
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside'));
  socket.on('end', () => socket.end());
}

/** Node resets no socket that has TLS over it; its handle can. */
export function reset(socket: Socket): void {
  (socket as unknown as { _handle: { _parent: { reset(): void } } })._handle._parent.reset();
  socket.destroy();
}

/** A proxy with one route, which encrypts again; says how many handshakes Node's own streams held. */
export async function startRoute(
  t: TestContext,
  target: number,
  backend: IRouteBackendTls,
  sockets: TSockets,
  protocol: TProtocol = 'http',
  options: Partial<ISmartProxyOptions> = {},
): Promise<IRunningProxy & { onStreams: () => number }> {
  const web: IRouteConfig = forwardTo(target, {}, { protocol });
  web.action.tls = { mode: 'terminate-and-reencrypt', certificate: { key, cert }, backend };
  const { mock } = t.mock.method(tls, 'connect');
  const running = await startProxy(t, [web], { sockets, ...options });
  return { ...running, onStreams: () => mock.callCount() };
}

export const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

/** What a client of the route sees of one request. */
export async function ask(port: number): Promise<string> {
  const client = await RawClient.openTls(port, 'a.test');
  client.send(GET);
  const isWhole = ({ text, ended }: RawClient): boolean =>
    ended || text.endsWith('inside') || /^HTTP\/1.1 (?!200).*\r\n\r\n/s.test(text);
  await client.until(isWhole).catch(() => {});
  client.socket.destroy();
  return client.text;
}

/** That the one try failed with this code, and with this message where that is ours to say. */
export async function assertFailed(
  { proxy, ledger, port }: IRunningProxy,
  protocol: TProtocol,
  code: string,
  message: RegExp,
  status = 502,
): Promise<void> {
  const text = await ask(port(8080));
  if (protocol === 'http') assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
  else assert.equal(text, '');
  await ledger.settled();
  const { failures } = proxy.stats.getUpstreamStats()[0]!;
  // A tunnel that is given up counts its end as well.
  const ended = protocol === 'tcp' && code === 'timeout' ? { closed: 1 } : {};
  assert.deepEqual({ ...failures }, { [code]: 1, ...ended });
  const errors = ledger.upstreamErrors.filter(({ reason }) => reason === code);
  if (errors.length > 0) assert.match(errors[0]!.error ?? '', message);
}
