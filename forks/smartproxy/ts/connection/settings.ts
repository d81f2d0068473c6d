/**
 * The options as the engine uses them: every default filled in, every time-out within what timers take.
 *
 * @module
 */
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import { limits } from '../limits/limits.ts';
import { useHandles, useRing } from './sockets.ts';
import type { ISocketSettings } from './sockets.ts';

export interface ISettings extends ISocketSettings {
  readonly listenAddress: string | undefined;
  readonly connectionsMax: number;
  readonly connectionsPerIpMax: number;
  readonly connectMs: number;
  readonly initialDataMs: number;
  readonly handshakeMs: number;
  readonly headMs: number;
  readonly keepAliveMs: number;
  readonly bodyMs: number;
  readonly responseMs: number;
  readonly inactivityMs: number;
  readonly lifetimeMs: number;
  readonly drainMs: number;
  /** False: a TLS client that resumes without saying a name is refused. */
  readonly namelessResumption: boolean;
  /** Busy sockets go into a ring, where one can be had. */
  readonly wantsRing: boolean;
  readonly keepAliveProbes: boolean;
  readonly keepAliveInitialMs: number;
}

/** Never fires: armed deadlines at this time are skipped. */
export const NEVER_MS = Number.POSITIVE_INFINITY;

const KEEP_ALIVE_INITIAL_MS = 10_000;
const INACTIVITY_MULTIPLIER = 6;
const EXTENDED_LIFETIME_MS = 604_800_000;

/** Fills in the defaults. */
export function readSettings(options: ISmartProxyOptions): ISettings {
  return {
    listenAddress: options.listenAddress,
    connectionsMax: options.maxConnections === 0 ? NEVER_MS : (options.maxConnections ?? limits.connections),
    connectionsPerIpMax:
      options.maxConnectionsPerIP === 0 ? NEVER_MS : (options.maxConnectionsPerIP ?? limits.connectionsPerIp),
    connectMs: bounded(options.connectionTimeout ?? limits.connectMs),
    initialDataMs: bounded(options.initialDataTimeout ?? limits.initialDataMs),
    handshakeMs: limits.handshakeMs,
    headMs: limits.headMs,
    keepAliveMs: limits.keepAliveMs,
    bodyMs: bounded(options.socketTimeout ?? limits.bodyMs),
    responseMs: bounded(options.socketTimeout ?? limits.responseMs),
    inactivityMs: readInactivity(options),
    lifetimeMs: readLifetime(options),
    drainMs: bounded(options.gracefulShutdownTimeout ?? limits.drainMs),
    namelessResumption: options.allowSessionTicket ?? true,
    onHandles: useHandles(options.sockets),
    wantsRing: useRing(options.sockets),
    noDelay: options.noDelay ?? true,
    keepAliveProbes: options.keepAlive ?? options.enableKeepAliveProbes ?? true,
    keepAliveInitialMs: options.keepAliveInitialDelay ?? KEEP_ALIVE_INITIAL_MS,
  };
}

function readInactivity(options: ISmartProxyOptions): number {
  const plain = options.inactivityTimeout ?? limits.inactivityMs;
  if (options.disableInactivityCheck === true || options.keepAliveTreatment === 'immortal') return NEVER_MS;
  if (options.keepAliveTreatment === 'standard') return bounded(plain);
  // A time-out that the user chose is meant as it is unless the extended treatment was asked for as well.
  if (options.keepAliveTreatment === undefined && options.inactivityTimeout !== undefined) return bounded(plain);
  return bounded(plain * (options.keepAliveInactivityMultiplier ?? INACTIVITY_MULTIPLIER));
}

function readLifetime(options: ISmartProxyOptions): number {
  if (options.keepAliveTreatment === 'immortal') return NEVER_MS;
  if (options.maxConnectionLifetime !== undefined) return bounded(options.maxConnectionLifetime);
  if (options.keepAliveTreatment === 'extended')
    return bounded(options.extendedKeepAliveLifetime ?? EXTENDED_LIFETIME_MS);
  return limits.lifetimeMs;
}

function bounded(timeoutMs: number): number {
  return timeoutMs <= 0 ? NEVER_MS : Math.min(timeoutMs, limits.timeoutMaxMs);
}
