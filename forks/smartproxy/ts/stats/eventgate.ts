/**
 * Knows which events somebody listens to, so that payloads are built only for listeners.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';
import type { ISmartProxyEvents } from '../interfaces/events.ts';

type TEventName = keyof ISmartProxyEvents;

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
    const bus = emitter as EventEmitter;
    // 'newListener' comes before the listener is added, hence the second argument.
    bus.on('newListener', (name: string) => this.#update(name, 1));
    bus.on('removeListener', (name: string) => this.#update(name, 0));
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
