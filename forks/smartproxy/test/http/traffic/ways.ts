// The ways that HTTP has through the proxy: what is in front of it, what is behind it, and on which sockets.
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TestContext } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { hashPassword } from '../../../ts/security/password-hash.ts';
import { forwardTo, startHttp } from '../../helpers/proxy.ts';
import { answer, turns } from './answers.ts';
import { CANNED, GUARDED, PASSWORD, USER } from './requests.ts';

const CHECK_TURNS = 3;
/** Longer than the proxy keeps an idle connection: it is never the target that ends one. */
const KEEP_ALIVE_MS = 60_000;

const { key, cert } = selfSignedCertificate(['a.test', GUARDED]);
const certificate = { key, cert };

export interface IWay {
  readonly name: string;
  readonly clients: number;
  readonly isTls?: boolean;
  readonly targetTls?: boolean;
  /** Chance that the target of a request breaks. */
  readonly faults?: number;
  readonly connectionsMax?: number;
}

export const ways: readonly IWay[] = [
  { name: 'plain', clients: 8 },
  { name: 'a queue for three connections', clients: 8, connectionsMax: 3 },
  { name: 'TLS in front', clients: 8, isTls: true },
  { name: 'TLS on both sides', clients: 4, isTls: true, targetTls: true },
  { name: 'targets that break', clients: 8, faults: 0.04 },
  { name: 'targets that break, behind TLS and a queue', clients: 8, faults: 0.04, isTls: true, connectionsMax: 3 },
];

/** A client's connection and what carries it; stays open for reading when its own side is ended. */
export async function openSocket(way: IWay, port: number): Promise<{ socket: Socket; wire: Socket }> {
  const wire = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await once(wire, 'connect');
  if (way.isTls !== true) return { socket: wire, wire };
  wire.on('error', () => {});
  const options = { socket: wire, servername: 'a.test', rejectUnauthorized: false, allowHalfOpen: true };
  const socket = connectTls(options);
  await once(socket, 'secureConnect');
  return { socket, wire };
}

/** @returns the port of a target of the way's kind */
export async function startTarget(t: TestContext, way: IWay): Promise<number> {
  if (way.targetTls !== true) {
    const { port, server } = await startHttp(t, answer);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    return port;
  }
  const server = createHttps({ ...certificate, keepAliveTimeout: KEEP_ALIVE_MS }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Routes that forward, answer by themselves, ask for a password, and let upgrades wait for a check. */
export async function makeRoutes(way: IWay, port: number): Promise<IRouteConfig[]> {
  const users = [{ username: USER, passwordHash: await hashPassword(PASSWORD) }];
  const canned = forwardTo(port, { name: 'canned' }, { path: '/canned' });
  canned.action = { type: 'forward', advanced: { testResponse: { status: 200, headers: {}, body: CANNED } } };
  const waits = forwardTo(port, { name: 'waits' }, { path: '/waits*' });
  waits.action.websocket = {
    enabled: true,
    authenticateRequest: async ({ path }) => {
      await turns(CHECK_TURNS);
      return path !== '/waits/no';
    },
  };
  const security = { basicAuth: { enabled: true, users } };
  const routes = [forwardTo(port), canned, waits, forwardTo(port, { name: 'guarded', security }, { domains: GUARDED })];
  for (const { action } of routes) {
    if (way.connectionsMax !== undefined)
      action.advanced = { ...action.advanced, maxConnectionsPerTarget: way.connectionsMax };
    if (way.targetTls === true) {
      action.tls = { mode: 'terminate-and-reencrypt', certificate, backend: { ca: cert, servername: 'a.test' } };
    } else if (way.isTls === true) action.tls = { mode: 'terminate', certificate };
  }
  return routes;
}
