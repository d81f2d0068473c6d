/**
 * What happens in the router, as one stream. A part subscribes to a fork's events only while somebody listens here for
 * that kind, so that nobody pays for events that nobody sees.
 *
 * @module
 */
import type { smartrx } from './rx.ts';

/** `proxy.connection-open`, `dns.query-answered`, `config.applied`, `health.changed`, `certificate.issued`, … */
export type TEventKind =
  `${'proxy' | 'dns' | 'config' | 'health' | 'certificate' | 'rule' | 'store' | 'router'}.${string}`;

export interface IRouterEvent {
  /** Counts from 1 since the router was made. */
  readonly id: number;
  readonly atMs: number;
  readonly kind: TEventKind;
  /** Plain JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Ties a kind of event to its source; the returned function lets go. */
export type TEventSource = (emit: (data: Readonly<Record<string, unknown>>) => void) => () => void;

export interface IEventStats {
  /** Listeners now. */
  readonly listeners: number;
  /** Events made, by kind, from 0 for every kind that is known. */
  readonly delivered: Readonly<Record<string, number>>;
}

export interface IEventBus {
  /** Makes a kind known; `attach` is called when the first listener for it comes, its result when the last one goes. */
  addSource(kind: TEventKind, attach: TEventSource): () => void;
  /** Publishes an event that has no source to attach to. Free while nobody listens for its kind. */
  publish(kind: TEventKind, data: Readonly<Record<string, unknown>>): void;
  /**
   * Listens to the kinds that one of the patterns names: `dns.query-answered`, `proxy.*` or `*`.
   *
   * @returns lets go
   */
  subscribe(patterns: readonly string[], listener: (event: IRouterEvent) => void): () => void;
  /** The same as an observable; listens while it is subscribed to. */
  observe(...patterns: readonly string[]): smartrx.rxjs.Observable<IRouterEvent>;
  /** Every kind that can occur, sorted. */
  kinds(): readonly TEventKind[];
  stats(): IEventStats;
}
