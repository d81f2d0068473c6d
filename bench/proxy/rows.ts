// The rows of the suite and their goals. Goals bound ours / peer in CPU time per unit of work.
import type { IMeasurement } from '../harness/load.ts';
import type { IGoal } from '../harness/rows.ts';
import type { TScenario } from './scenario.ts';

export type TBackend = 'http' | 'echo' | 'bulk' | 'ws';

export interface IProxyRow {
  readonly name: string;
  readonly kind: TScenario;
  readonly backend: TBackend;
  readonly unit: string;
  readonly tool: 'http' | 'stream';
  readonly args: readonly string[];
  /** Goals by peer name; `best Node proxy` is the cheapest of the npm packages. */
  readonly goals: Readonly<Record<string, IGoal>>;
  /** Peers of the row beside HAProxy, nginx and Caddy where they can do it. */
  readonly node: 'all' | 'websocket' | 'pipe' | 'none';
  /** What is compared; CPU µs per unit unless given. */
  readonly value?: (measured: IMeasurement) => number;
}

const cpuPerGigabyte = (measured: IMeasurement): number => measured.cpuSeconds / (measured.bytes / 1e9);

export const proxyRows: readonly IProxyRow[] = [
  {
    name: 'keep-alive, small response',
    kind: 'http',
    backend: 'http',
    unit: 'µs/request',
    tool: 'http',
    args: ['--conns', '64'],
    goals: { 'HAProxy': { atMost: 1.2 }, 'Caddy': { atMost: 0.2 }, 'best Node proxy': { atMost: 0.25 } },
    node: 'all',
  },
  {
    name: 'keep-alive, 64 KiB response',
    kind: 'http',
    backend: 'http',
    unit: 'µs/request',
    tool: 'http',
    args: ['--conns', '64', '--path', '/64k', '--body', '65536'],
    goals: { HAProxy: { atMost: 1.15 } },
    node: 'all',
  },
  {
    name: 'new connection per request',
    kind: 'http',
    backend: 'http',
    unit: 'µs/request',
    tool: 'http',
    args: ['--conns', '32', '--close'],
    goals: { HAProxy: { atMost: 1.8 }, Caddy: { atMost: 0.5 } },
    node: 'all',
  },
  {
    name: 'L4 messages, 64 bytes',
    kind: 'tcp',
    backend: 'echo',
    unit: 'µs/message',
    tool: 'stream',
    args: ['--mode', 'pingpong', '--conns', '32'],
    goals: { HAProxy: { atMost: 1.7 } },
    node: 'pipe',
  },
  {
    name: 'L4 connections',
    kind: 'tcp',
    backend: 'echo',
    unit: 'µs/connection',
    tool: 'stream',
    args: ['--mode', 'connect', '--conns', '32'],
    goals: { HAProxy: { atMost: 2 } },
    node: 'pipe',
  },
  {
    name: 'L4 bulk',
    kind: 'tcp',
    backend: 'bulk',
    unit: 'CPU s/GB',
    tool: 'stream',
    args: ['--mode', 'bulk', '--conns', '4'],
    goals: { HAProxy: { atMost: 1.6 } },
    node: 'pipe',
    value: cpuPerGigabyte,
  },
  {
    name: 'TLS 1.3 full handshake and request',
    kind: 'https',
    backend: 'http',
    unit: 'µs/handshake',
    tool: 'http',
    args: ['--conns', '16', '--close', '--tls'],
    goals: { HAProxy: { atMost: 1.3 } },
    node: 'none',
  },
  {
    name: 'WebSocket echo, 64 bytes',
    kind: 'http',
    backend: 'ws',
    unit: 'µs/message',
    tool: 'stream',
    args: ['--mode', 'websocket', '--conns', '32'],
    goals: { HAProxy: { atMost: 1.5 } },
    node: 'websocket',
  },
  {
    name: 'HTTPS keep-alive, small response',
    kind: 'https',
    backend: 'http',
    unit: 'µs/request',
    tool: 'http',
    args: ['--conns', '64', '--tls'],
    goals: {},
    node: 'none',
  },
];

/** The goal of counting: the same build with counting taken out is the peer. */
export const COUNTING_GOAL: IGoal = { atMost: 1.02 };
