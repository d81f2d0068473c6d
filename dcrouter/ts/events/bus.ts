/**
 * The router's event stream.
 *
 * @module
 */
import { smartrx } from './rx.ts';
import type { IEventBus, IEventStats, IRouterEvent, TEventKind, TEventSource } from './types.ts';

type TListener = (event: IRouterEvent) => void;

/** One kind: its listeners, and its source while somebody listens. */
class Channel {
  readonly kind: TEventKind;
  readonly listeners = new Set<TListener>();
  delivered = 0;
  readonly #deliver: (kind: TEventKind, data: IRouterEvent['data']) => void;
  #source: TEventSource | null = null;
  #detach: (() => void) | null = null;

  constructor(kind: TEventKind, deliver: (kind: TEventKind, data: IRouterEvent['data']) => void) {
    this.kind = kind;
    this.#deliver = deliver;
  }

  setSource(source: TEventSource | null): void {
    this.#detach?.();
    this.#detach = null;
    this.#source = source;
    this.#attachIfWanted();
  }

  add(listener: TListener): void {
    this.listeners.add(listener);
    this.#attachIfWanted();
  }

  remove(listener: TListener): void {
    this.listeners.delete(listener);
    if (this.listeners.size > 0) return;
    this.#detach?.();
    this.#detach = null;
  }

  #attachIfWanted(): void {
    if (this.#source === null || this.#detach !== null || this.listeners.size === 0) return;
    this.#detach = this.#source((data) => this.#deliver(this.kind, data));
  }
}

export class EventBus implements IEventBus {
  readonly #channels = new Map<TEventKind, Channel>();
  /** Kinds that become known later join the subscriptions whose patterns name them. */
  readonly #subscriptions = new Map<TListener, readonly string[]>();
  #lastId = 0;

  addSource(kind: TEventKind, attach: TEventSource): () => void {
    const channel = this.#channel(kind);
    channel.setSource(attach);
    return () => channel.setSource(null);
  }

  publish(kind: TEventKind, data: IRouterEvent['data']): void {
    const channel = this.#channel(kind);
    if (channel.listeners.size > 0) this.#deliver(kind, data);
  }

  subscribe(patterns: readonly string[], listener: TListener): () => void {
    // Of its own, so that one function may listen twice.
    const own: TListener = (event) => listener(event);
    this.#subscriptions.set(own, patterns);
    for (const channel of this.#channels.values()) if (names(patterns, channel.kind)) channel.add(own);
    return () => {
      this.#subscriptions.delete(own);
      for (const channel of this.#channels.values()) channel.remove(own);
    };
  }

  observe(...patterns: readonly string[]): smartrx.rxjs.Observable<IRouterEvent> {
    return new smartrx.rxjs.Observable((subscriber) => this.subscribe(patterns, (event) => subscriber.next(event)));
  }

  stats(): IEventStats {
    const delivered = Object.fromEntries(Array.from(this.#channels.values(), (each) => [each.kind, each.delivered]));
    return { listeners: this.#subscriptions.size, delivered };
  }

  kinds(): readonly TEventKind[] {
    return [...this.#channels.keys()].sort();
  }

  #channel(kind: TEventKind): Channel {
    let channel = this.#channels.get(kind);
    if (channel === undefined) {
      channel = new Channel(kind, (of, data) => this.#deliver(of, data));
      this.#channels.set(kind, channel);
      for (const [listener, patterns] of this.#subscriptions) if (names(patterns, kind)) channel.add(listener);
    }
    return channel;
  }

  #deliver(kind: TEventKind, data: IRouterEvent['data']): void {
    this.#lastId += 1;
    const event: IRouterEvent = Object.freeze({ id: this.#lastId, atMs: Date.now(), kind, data });
    const channel = this.#channel(kind);
    channel.delivered += 1;
    for (const listener of channel.listeners) listener(event);
  }
}

/** Whether one of the patterns (`a.b`, `a.*`, `*`) names the kind. */
function names(patterns: readonly string[], kind: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === kind || (pattern.endsWith('.*') && kind.startsWith(pattern.slice(0, -1))),
  );
}
