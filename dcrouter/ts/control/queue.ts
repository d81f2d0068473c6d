/**
 * One change at a time: the others wait in order, in bounded number and for a bounded time.
 *
 * @module
 */
import type { IClock } from './clock.ts';
import { ControlError } from './error.ts';
import { QUEUED_CHANGES_MAX, QUEUE_WAIT_MS } from './limits.ts';

interface IWaiting {
  start(): void;
  refuse(error: ControlError): void;
}

export class ChangeQueue {
  readonly #clock: IClock;
  readonly #waiting = new Set<IWaiting>();
  #running: Promise<void> | null = null;
  #stopped = false;
  #refused = 0;

  constructor(clock: IClock) {
    this.#clock = clock;
  }

  /** Changes that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Changes that were refused because the queue was full or they had waited too long. */
  get refused(): number {
    return this.#refused;
  }

  /** @throws ControlError `DCR_CONTROL_BUSY` when it has no turn within the bounds, `DCR_CONTROL_STOPPED` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stopped) throw stopped();
    if (this.#running !== null) {
      await this.#turn();
      if (this.#stopped) {
        this.#running = null;
        throw stopped();
      }
    }
    // A work that throws before it waits for anything must give its turn up like any other.
    const result = (async () => work())();
    this.#running = result.then(
      () => this.#next(),
      () => this.#next(),
    );
    return await result;
  }

  /** Refuses those that wait and resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const waiting of this.#waiting) waiting.refuse(stopped());
    await this.#running;
  }

  #turn(): Promise<void> {
    if (this.#waiting.size >= QUEUED_CHANGES_MAX) {
      this.#refused += 1;
      const count = `${QUEUED_CHANGES_MAX} changes wait already`;
      throw new ControlError('DCR_CONTROL_BUSY', `${count}; try again when some of them are done`);
    }
    return new Promise((resolve, reject) => {
      const callOff = this.#clock.after(QUEUE_WAIT_MS, () => {
        this.#refused += 1;
        const time = `${QUEUE_WAIT_MS / 1_000} s`;
        waiting.refuse(
          new ControlError('DCR_CONTROL_BUSY', `the change before this one has not ended within ${time}; try again`),
        );
      });
      const leave = (): void => {
        callOff();
        this.#waiting.delete(waiting);
      };
      const waiting: IWaiting = {
        start: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  /** Keeps the turn taken while it hands it over, so that nobody comes in between. */
  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#running = null;
    else first.start();
  }
}

function stopped(): ControlError {
  return new ControlError('DCR_CONTROL_STOPPED', 'the router is stopping; nothing can be changed any more');
}
