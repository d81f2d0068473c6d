/**
 * What every part of a running proxy can reach.
 *
 * @module
 */
import type { CertificateManager } from '../certificates/certificate-manager.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { RouteTable } from '../route/table.ts';
import type { UpstreamPool } from '../http/upstreampool.ts';
import type { SlotClerk } from '../http/slots.ts';
import type { RequestIds } from '../http/requestid.ts';
import type { IpSet } from '../security/ip-set.ts';
import type { ITallies } from '../security/tally.ts';
import type { RouteSecurity } from '../security/route-security.ts';
import type { IProxyPolicy } from '../interfaces/policy.ts';
import type { ITargetResolver } from '../interfaces/upstreams.ts';
import type { EventGate } from '../stats/eventgate.ts';
import type { Recorder } from '../stats/recorder.ts';
import type { TlsContexts } from '../tls/contexts.ts';
import type { TimerWheel } from '../timing/wheel.ts';
import type { UpstreamStates } from '../upstream/states.ts';
import type { Connection } from './connection.ts';
import type { Crowd } from './crowd.ts';
import type { ITargetDefaults } from './policy.ts';
import type { RingDoor } from '../ring/door.ts';
import type { MemoryPressure } from './pressure.ts';
import type { ISettings } from './settings.ts';

/** Other processes that serve the same routes. */
export interface IOtherProcesses {
  /** What they hold against limits, and what their targets have to do. */
  readonly tallies: ITallies;
  /** Asked for connections to targets with a maximum. */
  readonly slots: SlotClerk;
  /** Which of them this one is: so many turns are left to the others when it begins to balance. */
  readonly turn: number;
}

export interface IEngine {
  readonly settings: ISettings;
  /** Where busy sockets go while the proxy runs; null when that is not wanted, or not to be had. */
  ring: RingDoor | null;
  readonly recorder: Recorder;
  readonly wheel: TimerWheel;
  readonly gate: EventGate;
  readonly pool: UpstreamPool;
  readonly states: UpstreamStates;
  /** Null: names of targets are left to the system. */
  readonly resolver: ITargetResolver | null;
  /** Null where this process is alone. */
  readonly others: IOtherProcesses | null;
  readonly tls: TlsContexts;
  readonly certificates: CertificateManager;
  readonly connections: Set<Connection>;
  /** Names requests; null while nobody asked for that. */
  readonly requestIds: RequestIds | null;
  /** What the options say about targets. */
  readonly targetDefaults: ITargetDefaults;
  /** Senders whose PROXY headers are believed; null when there are none. */
  readonly trusted: IpSet | null;
  /** What limits of the whole proxy ask for, other processes included. */
  readonly crowd: Crowd;
  /** Whether memory is so short that new connections are refused. */
  readonly pressure: MemoryPressure;
  /** The compiled security of a route; its counts outlive a swap of the routes that leaves it as it was. */
  securityOf(route: ICompiledRoute): RouteSecurity | null;
  /** The routes for new connections and requests. */
  table: RouteTable;
  /** Asked about connections and requests; null when there is none. */
  policy: IProxyPolicy | null;
  /** Connections and requests that the policy holds back now. */
  held: number;
  /** `stop` was called: responses carry `Connection: close`, idle connections end. */
  draining: boolean;
  /** What a running proxy has and a stopped one has not: its clock, its ring. */
  begin(): void;
  end(): void;
  /** Called when a connection is gone. */
  onConnectionGone(): void;
}
