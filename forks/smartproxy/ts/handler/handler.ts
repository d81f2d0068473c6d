/**
 * Connections that are not HTTP here: tunnels to a target, and functions that take the socket over.
 *
 * @module
 */
import { TLSSocket } from 'node:tls';
import type { Connection, IStage } from '../connection/connection.ts';
import type { IChosenTarget, RoutePlan } from '../connection/plan.ts';
import { proxyHeader } from '../connection/proxyheader.ts';
import { REASON } from '../connection/reasons.ts';
import { NetSocket } from '../connection/netsocket.ts';
import { targetName } from '../connection/target-name.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import { hasTarget } from '../policy/connection.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { NONE_AVAILABLE } from '../upstream/named-socket.ts';

/** Gives the connection to its route's handler or tunnel; `held` is what was read already. */
export function startHandler(connection: Connection, plan: RoutePlan, held: Buffer | null, asTls = false): void {
  const { socketHandler, type } = plan.route.config.action;
  if (plan.security !== null) {
    const denial = connection.admit(plan.security, connection.domain, true);
    if (denial !== null) {
      connection.routeName = plan.name;
      connection.reject(denial.reason, plan.counters);
      return;
    }
  }
  connection.open(plan.name, plan.counters, asTls || connection.isTls ? 'tls' : 'tcp');
  if (type === 'socket-handler' && socketHandler !== undefined) {
    const stage = new HandlerStage(connection);
    connection.stage = stage;
    stage.start(socketHandler, connectionContext(connection, plan), held);
    return;
  }
  startTunnel(connection, plan, held);
}

function startTunnel(connection: Connection, plan: RoutePlan, held: Buffer | null): void {
  let chosen: IChosenTarget | null;
  try {
    chosen = plan.choose(connection, null, () => connectionContext(connection, plan));
    const { verdict } = connection;
    if (hasTarget(verdict)) chosen = plan.at(connection, chosen, verdict.host, verdict.port);
  } catch {
    connection.abort(REASON.connectFailed);
    return;
  }
  if (chosen === null) {
    connection.engine.recorder.reject(NONE_AVAILABLE, plan.counters);
    connection.abort(REASON.connectFailed);
    return;
  }
  const { host, port, policy } = chosen;
  const counters = connection.engine.recorder.upstream(targetName(host, port));
  const tunnel = new Tunnel(connection, { host, port, counters, policy, tlsOptions: chosen.tlsOptions }, held);
  connection.stage = tunnel;
  tunnel.start(proxyHeader(connection, policy.proxyVersion));
}

/** What user code is told about a connection. */
export function connectionContext(connection: Connection, plan: RoutePlan): IRouteContext {
  return {
    port: connection.localPort,
    domain: connection.domain,
    clientIp: connection.clientIp,
    serverIp: connection.localIp,
    isTls: connection.isTls || connection.type === 'tls',
    tlsVersion: connection.tlsVersion,
    routeName: plan.name,
    routeId: plan.route.config.id,
    timestamp: Date.now(),
    connectionId: connection.id,
  };
}

/**
 * Makes a TLS stream that we read from one that nobody has read from: what came waits for the first listener. Put back
 * while it flows, it would be delivered at once, to us.
 */
function asUnread(stream: TLSSocket, held: Buffer | null): void {
  stream.pause();
  if (held !== null && held.length > 0) stream.unshift(held);
  const wake = (event: string | symbol): void => {
    if (event !== 'data') return;
    stream.off('newListener', wake);
    stream.resume();
  };
  stream.on('newListener', wake);
}

type THandler = NonNullable<RoutePlan['route']['config']['action']['socketHandler']>;

/** A connection in the hands of a socket handler. Its bytes are pushed into the stream as Node's own would be. */
class HandlerStage implements IStage {
  readonly endReason = REASON.handlerClosed;
  readonly #connection: Connection;
  /** Bytes on the wire, both ways, when the deadline was armed last. */
  #seenBytes = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  start(handler: THandler, context: IRouteContext, held: Buffer | null): void {
    const connection = this.#connection;
    const stream = connection.stream instanceof TLSSocket ? connection.stream : connection.asNetSocket();
    this.#connection.expireIn(this.#connection.engine.settings.inactivityMs);
    // Handlers are written for sockets as net.createServer gives them, which end with their peer.
    stream.allowHalfOpen = false;
    if (stream instanceof TLSSocket) asUnread(stream, held);
    else {
      if (held !== null && held.length > 0) stream.push(held);
      for (const bytes of stream.unread) stream.push(bytes);
    }
    try {
      const running = handler(stream, context);
      if (running instanceof Promise) running.catch(() => this.#connection.abort(REASON.handlerError));
    } catch {
      this.#connection.abort(REASON.handlerError);
    }
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const { stream, engine } = this.#connection;
    if (!(stream instanceof NetSocket)) return;
    this.#connection.expireIn(engine.settings.inactivityMs);
    stream.holdReads = !stream.push(Buffer.from(bytes.subarray(start, end)));
  }

  onEnd(): void {
    // The handler hears 'end' itself.
  }

  onDrain(): void {
    // The handler hears 'drain' itself.
  }

  onGone(): void {
    // The handler hears 'close' itself.
  }

  onDeadline(): void {
    const { raw, engine } = this.#connection;
    // What handlers write, and all that passes inside TLS, shows only here.
    const bytes = raw.wireBytesIn + raw.wireBytesOut;
    if (bytes === this.#seenBytes) {
      this.#connection.abort(REASON.inactivityTimeout);
      return;
    }
    this.#seenBytes = bytes;
    this.#connection.expireIn(engine.settings.inactivityMs);
  }

  onStop(): void {
    // Handlers end by themselves or when the drain is over.
  }
}
