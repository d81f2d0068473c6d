/**
 * What a signal does. Others plug their action in; one signal, one action.
 *
 * SIGPIPE is ignored by Node itself: a broken connection is an error of its socket.
 *
 * @module
 */
import { processLimits } from './limits.ts';

export type TSignalAction = 'stop' | 'reload' | 'restart' | 'reopen-logs';

/** SIGUSR1 would open Node's debugger otherwise. */
export const signalActions = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGHUP: 'reload',
  SIGUSR1: 'restart',
  SIGUSR2: 'reopen-logs',
} as const satisfies Partial<Record<NodeJS.Signals, TSignalAction>>;

export type TSignalHandler = (signal: NodeJS.Signals) => void;

export class Signals {
  readonly #handlers = new Map<TSignalAction, TSignalHandler>();
  readonly #onUnused: (signal: NodeJS.Signals, action: TSignalAction) => void;
  readonly #atOnce: TSignalHandler;
  readonly #listener = (signal: NodeJS.Signals): void => this.#receive(signal);
  #stoppedAtMs: number | undefined;

  /**
   * @param atOnce called for a second signal to stop
   * @param onUnused called for a signal that nobody has plugged into
   */
  constructor(atOnce: TSignalHandler, onUnused: (signal: NodeJS.Signals, action: TSignalAction) => void) {
    this.#atOnce = atOnce;
    this.#onUnused = onUnused;
  }

  /** Says what an action does; the result takes it back. */
  on(action: TSignalAction, handler: TSignalHandler): () => void {
    this.#handlers.set(action, handler);
    return () => {
      if (this.#handlers.get(action) === handler) this.#handlers.delete(action);
    };
  }

  listen(): void {
    for (const signal of Object.keys(signalActions)) process.on(signal, this.#listener);
  }

  close(): void {
    for (const signal of Object.keys(signalActions)) process.off(signal, this.#listener);
  }

  #receive(signal: NodeJS.Signals): void {
    const action = (signalActions as Partial<Record<NodeJS.Signals, TSignalAction>>)[signal]!;
    if (action === 'stop') {
      const now = performance.now();
      if (this.#stoppedAtMs !== undefined) {
        // A terminal's Ctrl-C reaches us twice when a parent forwards it; only a later one means "at once".
        if (now - this.#stoppedAtMs >= processLimits.secondSignalMs) this.#atOnce(signal);
        return;
      }
      this.#stoppedAtMs = now;
    }
    const handler = this.#handlers.get(action);
    if (handler === undefined) this.#onUnused(signal, action);
    else handler(signal);
  }
}
