/**
 * Connecting to a target by its name: resolved first, then by the first of its addresses that answers (RFC 8305).
 *
 * @module
 */
import type { IDialEngine } from '../connection/dial.ts';
import { HandleSocket } from '../connection/handlesocket.ts';
import { SRV_PORT } from '../connection/target-name.ts';
import type { ISettings } from '../connection/settings.ts';
import type { IDialOwner, IProxySocket } from '../connection/socket.ts';
import { connectSocket } from '../connection/sockets.ts';
import type { ITargetEndpoint, ITargetResolver } from '../interfaces/upstreams.ts';
import { limits } from '../limits/limits.ts';
import type { UpstreamCounters } from '../stats/counters.ts';
import { Deadline } from '../timing/wheel.ts';
import type { IDeadlineOwner } from '../timing/wheel.ts';
import { orderDestinations, type IDestination } from './order.ts';

/** Code of a failure to resolve, among a target's failures. */
export const UNRESOLVED = 'unresolved';
/** Code and refusal where every target is taken out. */
export const NONE_AVAILABLE = 'no-target-available';

class DialError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** One address being tried. */
class Attempt implements IDialOwner {
  readonly destination: IDestination;
  readonly socket: IProxySocket;
  readonly #race: NamedSocket;

  constructor(race: NamedSocket, destination: IDestination, settings: ISettings) {
    this.#race = race;
    this.destination = destination;
    this.socket = connectSocket(this, destination.address, destination.port, settings);
  }

  onConnected(): void {
    if (this.socket.owner === this) this.#race.won(this);
  }

  onSocketGone(_source: unknown, error: Error | null): void {
    this.#race.lost(this, error);
  }

  onSocketData(): void {
    // Nothing is read before the owner has the socket.
  }

  onSocketEnd(): void {
    // As above: an end that comes this early is heard by the owner as the end of the connection.
  }

  onSocketDrain(): void {
    // Nothing was written.
  }
}

/**
 * Stands where the socket will be while addresses are tried. Destroying it gives up; when all have failed it ends with
 * the last one's error, as one socket would; the one that connects goes to the owner in its place.
 */
export class NamedSocket extends HandleSocket implements IDeadlineOwner {
  readonly #engine: IDialEngine;
  readonly #host: string;
  readonly #port: number;
  readonly #counters: UpstreamCounters;
  readonly #attempts = new Set<Attempt>();
  readonly #delay = new Deadline(this);
  #left: IDestination[] = [];

  constructor(engine: IDialEngine, owner: IDialOwner, host: string, port: number, counters: UpstreamCounters) {
    super(null);
    this.owner = owner;
    this.#engine = engine;
    this.#host = host;
    this.#port = port;
    this.#counters = counters;
    const resolver = engine.resolver!;
    const known = resolver.peek(host, port === SRV_PORT);
    // The owner does not have this socket yet: a failure must not come before it has.
    if (known === null) void this.#ask(resolver);
    else queueMicrotask(() => this.#begin(known));
  }

  won(attempt: Attempt): void {
    const { socket, destination } = attempt;
    const owner = this.owner as IDialOwner | null;
    this.#attempts.delete(attempt);
    this.#counters.destinations.connected(destination.name);
    this.owner = null;
    socket.owner = owner;
    this.destroy();
    if (owner === null) socket.destroy();
    else owner.onConnected(socket, destination.name);
  }

  lost(attempt: Attempt, error: Error | null): void {
    this.#attempts.delete(attempt);
    if (this.destroyed) return;
    const code = (error as NodeJS.ErrnoException | null)?.code ?? 'closed';
    this.#counters.destinations.failed(attempt.destination.name, code, this.#engine.wheel.nowMs);
    if (this.#left.length > 0) this.#tryNext();
    else if (this.#attempts.size === 0) this.destroy(error);
  }

  /** The last attempt takes long: the next one joins it (RFC 8305 §5). */
  onDeadline(): void {
    if (!this.destroyed && this.#left.length > 0) this.#tryNext();
  }

  override destroy(error: Error | null = null): void {
    if (this.destroyed) return;
    this.#engine.wheel.cancel(this.#delay);
    for (const attempt of this.#attempts) {
      attempt.socket.owner = null;
      attempt.socket.destroy();
    }
    this.#attempts.clear();
    super.destroy(error);
  }

  async #ask(resolver: ITargetResolver): Promise<void> {
    try {
      this.#begin(await resolver.resolve(this.#host, this.#port === SRV_PORT));
    } catch (error) {
      this.destroy(new DialError(UNRESOLVED, `${this.#host} cannot be resolved: ${(error as Error).message}`, error));
    }
  }

  #begin(endpoints: readonly ITargetEndpoint[]): void {
    if (this.destroyed) return;
    const { states, wheel } = this.#engine;
    const { destinations } = this.#counters;
    const order = orderDestinations(endpoints, {
      port: this.#port,
      states,
      failedLately: (destination) => destinations.failedLately(destination, wheel.nowMs),
      random: Math.random,
      turn: this.#counters.turn++,
    });
    this.#left = order.slice(0, limits.destinationsPerDial);
    if (order.length > 0) this.#tryNext();
    else if (endpoints.length === 0) this.destroy(new DialError(UNRESOLVED, `${this.#host} has no address`));
    else this.destroy(new DialError(NONE_AVAILABLE, `every address of ${this.#host} is taken out`));
  }

  #tryNext(): void {
    const destination = this.#left.shift();
    if (destination === undefined) return;
    this.#attempts.add(new Attempt(this, destination, this.#engine.settings));
    if (this.#left.length > 0) this.#engine.wheel.arm(this.#delay, limits.attemptDelayMs);
  }
}
