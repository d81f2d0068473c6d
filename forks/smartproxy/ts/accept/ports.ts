/**
 * The ports of a proxy: those of its routes, and those that challenges are answered on where no route listens.
 *
 * @module
 */
import type { IListener, IListenerHandle } from './listener.ts';

export class Ports {
  readonly #listeners = new Map<number, IListener>();
  readonly #listen: (port: number) => Promise<IListener>;
  /** Opened for challenges on ports that no route names. */
  readonly #challengeListeners = new Map<number, Promise<IListener>>();

  /** @param listen opens a port */
  constructor(listen: (port: number) => Promise<IListener>) {
    this.#listen = listen;
  }

  /** As the routes name them. */
  get open(): number[] {
    return [...this.#listeners.keys()];
  }

  boundPort(port: number): number | undefined {
    return this.#listeners.get(port)?.boundPort;
  }

  /** By ports as the routes name them; those without a handle are left out. */
  handles(): Map<number, IListenerHandle> {
    const handles = new Map<number, IListenerHandle>();
    for (const { port, handle } of this.#listeners.values()) if (handle !== null) handles.set(port, handle);
    return handles;
  }

  /** Opens those that are not open, or none. */
  async openAll(ports: readonly number[]): Promise<void> {
    const opened: number[] = [];
    try {
      for (const port of ports) {
        if (this.#listeners.has(port)) continue;
        this.#listeners.set(port, (await this.#takeChallengePort(port)) ?? (await this.#listen(port)));
        opened.push(port);
      }
    } catch (error) {
      await this.closeAll(opened);
      throw error;
    }
  }

  async closeAll(ports: readonly number[] = this.open): Promise<void> {
    // All at once: while one is waited for, another would still accept, and what is accepted now is refused.
    await Promise.all(ports.map(async (port) => await this.#listeners.get(port)?.close()));
    for (const port of ports) this.#listeners.delete(port);
  }

  /** Listens for http-01 where no route does; the result closes the port again. */
  async openForChallenges(port: number): Promise<() => Promise<void>> {
    if (this.#listeners.has(port)) return async () => {};
    const opening = this.#listen(port);
    this.#challengeListeners.set(port, opening);
    opening.catch(() => this.#challengeListeners.delete(port));
    const listener = await opening;
    return async () => {
      // A route may have taken the port over meanwhile.
      if (this.#challengeListeners.get(port) !== opening) return;
      this.#challengeListeners.delete(port);
      await listener.close();
    };
  }

  /** The listener that challenges have opened on a port, which from now on belongs to the routes. */
  async #takeChallengePort(port: number): Promise<IListener | null> {
    const listener = await this.#challengeListeners.get(port)?.catch(() => null);
    this.#challengeListeners.delete(port);
    return listener ?? null;
  }
}
