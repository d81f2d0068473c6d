/**
 * What the API answers, as far as several commands look at it.
 *
 * @module
 */
import type { IDnsSnapshot } from '@dcrouter/smartdns/server';
import type { IProxySnapshot } from '@dcrouter/smartproxy';

export interface IStatus {
  readonly node: string;
  readonly version: string;
  readonly runtime: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly ready: boolean;
  readonly configVersion: number;
  readonly revision: number;
  readonly addresses: {
    readonly api?: { readonly address: string; readonly port: number };
    readonly proxyPorts?: readonly number[];
    readonly dns?: { readonly address: string; readonly udpPort: number; readonly tcpPort: number } | null;
  };
  readonly store: { readonly dialect: string; readonly reachable: boolean; readonly schemaVersion: number } | null;
  readonly pendingRestart: readonly string[];
  readonly api: { readonly tokens: boolean };
  readonly warnings: readonly string[];
}

export interface IStats {
  readonly proxy: IProxySnapshot | null;
  readonly dns: IDnsSnapshot | null;
}

export interface IConnection {
  readonly id: string;
  readonly type: string;
  readonly routeName: string;
  readonly clientIp: string;
  readonly clientPort: number;
  readonly localPort: number;
  readonly domain?: string;
  readonly ageMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly requests: number;
  readonly upstream?: string;
}

export interface ICertificate {
  readonly route: string;
  readonly names: readonly string[];
  readonly automatic: boolean;
  readonly status: string;
  readonly source: string;
  readonly issuedAtMs?: number;
  readonly expiresAtMs?: number;
  readonly error?: string;
  readonly nextTryAtMs?: number;
}

export interface IUpstream {
  readonly target: string;
  readonly state: string;
  readonly weight: number | null;
  readonly origin?: string;
  readonly healthy: boolean;
  readonly reason: string | null;
  readonly active: number;
  readonly idle: number;
  readonly requests: number;
  readonly failures: Readonly<Record<string, number>>;
}
