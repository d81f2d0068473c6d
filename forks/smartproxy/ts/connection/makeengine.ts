/**
 * The engine of a proxy, made of its options.
 *
 * @module
 */
import type { CertificateManager } from '../certificates/certificate-manager.ts';
import { UpstreamPool } from '../http/upstreampool.ts';
import { RequestIds } from '../http/requestid.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import { RingDoor } from '../ring/door.ts';
import { acquireRing, releaseRing } from '../ring/rings.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { RouteSecurity } from '../security/route-security.ts';
import type { EventGate } from '../stats/eventgate.ts';
import { Recorder } from '../stats/recorder.ts';
import { TimerWheel } from '../timing/wheel.ts';
import { TlsContexts } from '../tls/contexts.ts';
import { UpstreamStates } from '../upstream/states.ts';
import type { Connection } from './connection.ts';
import { Crowd } from './crowd.ts';
import type { IEngine, IOtherProcesses } from './engine.ts';
import { MemoryPressure } from './pressure.ts';
import { readSettings } from './settings.ts';
import { compileRoutes, trustedSenders } from './setup.ts';

/** What the engine needs of the proxy that it belongs to. */
export interface IEngineOwner {
  readonly gate: EventGate;
  readonly certificates: CertificateManager;
  readonly connections: Set<Connection>;
  /** How limits hold over other processes too; null where there are none. */
  readonly others: IOtherProcesses | null;
  securityOf(route: ICompiledRoute): RouteSecurity | null;
  onTick(nowMs: number): void;
  onConnectionGone(): void;
}

/** @throws ProxyError, RouteConfigError when an option cannot be used */
export function makeEngine(options: ISmartProxyOptions, owner: IEngineOwner): IEngine {
  const { gate, certificates, connections } = owner;
  const settings = readSettings(options);
  const engine = {
    settings,
    ring: null as RingDoor | null,
    recorder: new Recorder(connections),
    wheel: new TimerWheel((nowMs) => owner.onTick(nowMs)),
    gate,
    tls: new TlsContexts(options, (routeName) => certificates.material(routeName)),
    certificates,
    requestIds: options.requestId === undefined ? null : new RequestIds(options.requestId),
    targetDefaults: {
      sendProxyProtocol: options.sendProxyProtocol,
      rejectUnauthorized: options.rejectUnauthorized ?? true,
    },
    trusted: trustedSenders(options),
    pressure: new MemoryPressure(),
    crowd: new Crowd(options, settings, owner.others?.tallies ?? null),
    securityOf: (route: ICompiledRoute) => owner.securityOf(route),
    connections,
    table: compileRoutes(options.routes, options),
    states: new UpstreamStates(),
    resolver: options.resolver ?? null,
    others: owner.others,
    draining: false,
    policy: options.policy ?? null,
    held: 0,
    begin(): void {
      engine.wheel.start();
      if (settings.wantsRing) engine.ring = openDoor(options, settings.onHandles, engine.recorder);
    },
    end(): void {
      engine.wheel.stop();
      if (engine.ring !== null) releaseRing();
      engine.ring = null;
    },
    onConnectionGone: () => owner.onConnectionGone(),
  };
  return Object.assign(engine, { pool: new UpstreamPool(engine as unknown as IEngine, owner.others?.slots ?? null) });
}

function openDoor({ logger }: ISmartProxyOptions, onHandles: boolean, recorder: Recorder): RingDoor | null {
  const ring = onHandles ? acquireRing() : 'this runtime shows no handles of sockets';
  if (typeof ring !== 'string') return new RingDoor(ring, recorder.ring);
  logger?.warn('sockets stay out of the ring', { reason: ring });
  return null;
}
