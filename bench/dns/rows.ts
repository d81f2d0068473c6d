// The rows of the suite and their goals. Values are queries per CPU second of the server: more is better.
import type { IGoal } from '../harness/rows.ts';
import type { IDnsPeer } from './peers.ts';
import { dns2OldPeer, dns2Peer, dnsPacketPeer, echoPeer, knotPeer, nsdPeer, oursPeer, templatePeer } from './peers.ts';
import { patchedPeer, upstreamPeer, wrappedPeer } from './upstream.ts';

export interface IDnsSide {
  readonly peer: IDnsPeer;
  /** How the side is called in the row, where that is not the peer's own name. */
  readonly label?: string;
  readonly handlers: number;
  /** Distinct names asked for; see {@link queriedNames}. */
  readonly names?: number;
  readonly dnssec?: boolean;
  /** Ours only: false takes the middleware and the listeners away. */
  readonly observed?: boolean;
  /** Ours only: many datagrams per system call. */
  readonly batch?: boolean;
  /** Queries ask for signatures. */
  readonly asksSigned?: boolean;
  readonly goal?: IGoal;
}

export interface IDnsRow {
  readonly name: string;
  readonly ours: IDnsSide;
  readonly others: readonly IDnsSide[];
}

const ours = oursPeer();

export const dnsRows: readonly IDnsRow[] = [
  {
    name: 'A, 1 handler',
    ours: { peer: ours, handlers: 1 },
    others: [
      { peer: echoPeer, handlers: 1, goal: { atLeast: 0.75 } },
      { peer: templatePeer, handlers: 1 },
      { peer: dnsPacketPeer, handlers: 1 },
      { peer: dns2OldPeer, handlers: 1, goal: { atLeast: 10 } },
      { peer: dns2Peer, handlers: 1 },
      { peer: upstreamPeer, handlers: 1, goal: { atLeast: 4 } },
      { peer: knotPeer, handlers: 1 },
      { peer: nsdPeer, handlers: 1 },
      { peer: ours, label: 'ours without middleware and listeners', handlers: 1, observed: false },
    ],
  },
  {
    name: 'A, 1 handler, udpBatch',
    ours: { peer: ours, handlers: 1, batch: true },
    others: [
      { peer: echoPeer, handlers: 1, goal: { atLeast: 0.75 } },
      { peer: dns2OldPeer, handlers: 1, goal: { atLeast: 10 } },
      { peer: upstreamPeer, handlers: 1, goal: { atLeast: 4 } },
      { peer: ours, label: 'ours without udpBatch', handlers: 1 },
      { peer: knotPeer, handlers: 1 },
      { peer: nsdPeer, handlers: 1 },
    ],
  },
  {
    // What each way of counting costs; only stock upstream neither counts nor is listened to.
    name: 'three ways',
    ours: { peer: ours, handlers: 1 },
    others: [
      { peer: upstreamPeer, handlers: 1 },
      { peer: wrappedPeer, handlers: 1 },
      { peer: patchedPeer, handlers: 1 },
    ],
  },
  {
    name: 'A, 12 handlers',
    ours: { peer: ours, handlers: 12 },
    others: [{ peer: upstreamPeer, handlers: 12, goal: { atLeast: 15 } }],
  },
  {
    name: 'A, 12 handlers, udpBatch',
    ours: { peer: ours, handlers: 12, batch: true },
    others: [{ peer: upstreamPeer, handlers: 12, goal: { atLeast: 15 } }],
  },
  {
    name: 'A, 112 handlers',
    ours: { peer: ours, handlers: 112 },
    others: [{ peer: upstreamPeer, handlers: 112, goal: { atLeast: 80 } }],
  },
  {
    name: 'A, 112 handlers, udpBatch',
    ours: { peer: ours, handlers: 112, batch: true },
    others: [{ peer: upstreamPeer, handlers: 112, goal: { atLeast: 80 } }],
  },
  {
    // The same ten names on both sides: what differs is how many handlers there are to choose from.
    name: 'A, 10,000 handlers, 10 names',
    ours: { peer: ours, handlers: 10_000, names: 10 },
    others: [{ peer: ours, label: 'ours with 10 handlers', handlers: 10, goal: { atLeast: 0.9 } }],
  },
  {
    // As many names on both sides, asked evenly; beside it what the names cost by themselves.
    name: 'A, 10,000 handlers, 2,000 names',
    ours: { peer: ours, handlers: 10_000 },
    others: [
      { peer: ours, label: 'ours with 10 handlers, 2,000 names', handlers: 10, names: 2_000, goal: { atLeast: 0.9 } },
      { peer: ours, label: 'ours with 10 handlers, 10 names', handlers: 10 },
    ],
  },
  {
    name: 'signed A from the signature cache',
    ours: { peer: ours, handlers: 12, dnssec: true, asksSigned: true },
    others: [
      { peer: ours, label: 'ours unsigned', handlers: 12, goal: { atLeast: 0.6 } },
      { peer: upstreamPeer, handlers: 12, dnssec: true, asksSigned: true },
      { peer: knotPeer, handlers: 12, dnssec: true, asksSigned: true },
    ],
  },
];
