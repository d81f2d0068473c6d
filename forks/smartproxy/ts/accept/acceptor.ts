/**
 * From an accepted socket to a connection's first stage: addresses, limits, and what the port's routes need to see.
 *
 * @module
 */
import { Connection } from '../connection/connection.ts';
import type { IEngine } from '../connection/engine.ts';
import { planOf } from '../connection/plan.ts';
import { plainAddress } from '../connection/address.ts';
import { NEVER_MS } from '../connection/settings.ts';
import type { IProxySocket } from '../connection/socket.ts';
import { pauseStream, resumeStream } from '../connection/sockets.ts';
import { startHandler } from '../handler/handler.ts';
import { HttpStage } from '../http/stage.ts';
import { admitByPolicy, routeByPolicy, type TRefuse } from '../policy/connection.ts';
import { SniffStage } from '../sniff/stage.ts';
import { refuseClaims } from './claimstage.ts';
import type { Listener } from './listener.ts';
import { ProxyHeaderStage } from './proxystage.ts';

/** Begins a connection on a socket that was just accepted; without memory for it, it waits first. */
export function accept(engine: IEngine, socket: IProxySocket, listener: Listener): void {
  const { pressure } = engine;
  if (pressure.high && !engine.draining) hold(engine, socket, listener);
  else {
    begin(engine, socket, listener, false);
    socket.startReading();
  }
}

/** Node's own streams read from the start, hence the pause. */
function hold(engine: IEngine, socket: IProxySocket, listener: Listener): void {
  pauseStream(socket);
  const arrive = (refused: boolean): void => {
    begin(engine, socket, listener, refused);
    resumeStream(socket);
  };
  if (!engine.pressure.hold(arrive)) arrive(true);
}

function begin(engine: IEngine, socket: IProxySocket, listener: Listener, isShort: boolean): void {
  const address = socket.remoteAddress;
  if (address === undefined) {
    // The client was gone before we looked: there is nothing to count it under.
    socket.destroy();
    return;
  }
  const { settings, recorder } = engine;
  const clientIp = plainAddress(address);
  const connection = new Connection(engine, socket, {
    clientIp,
    clientPort: socket.remotePort ?? 0,
    localPort: listener.port,
  });
  if (recorder.active > settings.connectionsMax || engine.crowd.isFull) connection.reject('too-many-connections');
  else if (isShort) connection.reject('memory-pressure');
  else if (engine.draining) connection.reject('shutting-down');
  else if (engine.trusted !== null && engine.trusted.has(clientIp)) {
    const stage = new ProxyHeaderStage(connection, (known) => admitClient(known, false));
    connection.stage = stage;
    stage.start();
  } else admitClient(connection, engine.trusted !== null);
}

/**
 * Limits by client address, then routing.
 *
 * @param isStranger PROXY headers are believed from some, and this is none of them
 */
function admitClient(connection: Connection, isStranger: boolean): void {
  const { engine, clientIp } = connection;
  const { crowd } = engine;
  const { byIp } = engine.recorder;
  const perIpMax = engine.settings.connectionsPerIpMax;
  // This connection is counted already: an address without a count of its own is one of those that share one.
  const open = byIp.get(clientIp) || byIp.overflow;
  if (perIpMax !== NEVER_MS && (open > perIpMax || crowd.isFullOf(clientIp))) {
    connection.reject('too-many-connections-per-ip');
  } else if (crowd.rate !== null && crowd.rate.take(clientIp, performance.now()) > 0) {
    connection.reject('connection-rate');
  } else beginRouting(connection, isStranger);
}

/** Chooses the first stage by what the port's routes need to know. */
function beginRouting(connection: Connection, isStranger: boolean): void {
  const { engine, localPort, clientIp } = connection;
  const profile = engine.table.portProfile(localPort);
  // While a CA may ask for a challenge, its port speaks HTTP whatever the routes do there.
  const needs = engine.certificates.expectsHttpOn(localPort) ? { ...profile, http: true } : profile;
  if (needs.tls || (needs.raw && needs.http)) {
    const stage = new SniffStage(connection, needs, isStranger);
    connection.stage = stage;
    stage.start();
    return;
  }
  if (engine.policy !== null && !admitByPolicy(connection, needs.http ? 'http' : 'tcp', refuse(connection))) return;
  if (needs.http) {
    const stage = new HttpStage(connection);
    connection.stage = stage;
    stage.start();
    return;
  }
  const route =
    routeByPolicy(connection.verdict, engine.table) ??
    engine.table.matchConnection(localPort, clientIp, false, undefined, undefined);
  if (route === null) {
    connection.reject('no-route');
    return;
  }
  startHandler(connection, planOf(engine, route), null);
  if (isStranger) refuseClaims(connection);
}

function refuse(connection: Connection): TRefuse {
  return (reason) => connection.reject(reason);
}
