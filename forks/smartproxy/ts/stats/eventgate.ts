/**
 * Knows which events somebody listens to, so that payloads are built only for listeners.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';
import type { ISmartProxyEvents } from '../interfaces/events.ts';

type TEventName = keyof ISmartProxyEvents;

/**
 * Calls `changed` for every listener that comes or goes, also after `removeAllListeners()`, which would take the watcher
 * along.
 *
 * @param changed is told the event, and 1 before a listener is added, 0 after one is gone
 */
export function watchListeners(bus: EventEmitter, changed: (name: string, added: 0 | 1) => void): void {
  const hooks: ReadonlyArray<readonly [string, (name: string) => void]> = [
    ['newListener', (name) => changed(name, 1)],
    ['removeListener', (name) => changed(name, 0)],
  ];
  const attach = (): void => {
    for (const [event, hook] of hooks) if (!bus.listeners(event).includes(hook)) bus.on(event, hook);
  };
  attach();
  const removeAll = bus.removeAllListeners.bind(bus);
  const value = (...names: [string?]): EventEmitter => {
    removeAll(...names);
    attach();
    return bus;
  };
  Object.defineProperty(bus, 'removeAllListeners', { value, configurable: true, writable: true });
}

export class EventGate {
  open = false;
  upgrade = false;
  close = false;
  rejected = false;
  request = false;
  refused = false;
  upstreamError = false;
  upstreamHealth = false;
  tlsError = false;
  readonly #emitter: EventEmitter<ISmartProxyEvents>;

  constructor(emitter: EventEmitter<ISmartProxyEvents>) {
    this.#emitter = emitter;
    watchListeners(emitter as EventEmitter, (name, added) => this.#update(name, added));
  }

  /**
   * Emits a frozen payload. A listener that throws is the user's error and surfaces as one that nobody caught, but not
   * here: it would leave what the proxy was doing half done.
   */
  emit<TName extends TEventName>(name: TName, payload: ISmartProxyEvents[TName][0]): void {
    try {
      (this.#emitter as EventEmitter).emit(name, Object.freeze(payload));
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #update(name: string, added: number): void {
    const heard = added > 0 || (this.#emitter as EventEmitter).listenerCount(name) > 0;
    switch (name) {
      case 'connection-open':
        this.open = heard;
        break;
      case 'connection-upgrade':
        this.upgrade = heard;
        break;
      case 'connection-close':
        this.close = heard;
        break;
      case 'connection-rejected':
        this.rejected = heard;
        break;
      case 'request-completed':
        this.request = heard;
        break;
      case 'request-refused':
        this.refused = heard;
        break;
      case 'upstream-error':
        this.upstreamError = heard;
        break;
      case 'upstream-health':
        this.upstreamHealth = heard;
        break;
      case 'tls-error':
        this.tlsError = heard;
        break;
      default:
        break;
    }
  }
}
