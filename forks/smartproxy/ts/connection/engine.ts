/**
 * What every part of a running proxy can reach.
 *
 * @module
 */
import type { CertificateManager } from '../certificates/certificate-manager.ts';
import type { RouteTable } from '../route/table.ts';
import type { UpstreamPool } from '../http/pool.ts';
import type { EventGate } from '../stats/eventgate.ts';
import type { Recorder } from '../stats/recorder.ts';
import type { TlsContexts } from '../tls/contexts.ts';
import type { TimerWheel } from '../timing/wheel.ts';
import type { Connection } from './connection.ts';
import type { ISettings } from './settings.ts';

export interface IEngine {
  readonly settings: ISettings;
  readonly recorder: Recorder;
  readonly wheel: TimerWheel;
  readonly gate: EventGate;
  readonly pool: UpstreamPool;
  readonly tls: TlsContexts;
  readonly certificates: CertificateManager;
  readonly connections: Set<Connection>;
  /** The routes for new connections and requests. */
  table: RouteTable;
  /** `stop` was called: responses carry `Connection: close`, idle connections end. */
  draining: boolean;
  /** Called when a connection is gone. */
  onConnectionGone(): void;
}
