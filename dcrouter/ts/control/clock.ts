/**
 * Time as the control plane sees it, so that a test can hold it in its hands.
 *
 * @module
 */
export interface IClock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Runs `work` once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, work: () => void): () => void;
}

/** The machine's own clock. Its timers do not keep the process alive: what listens does. */
export const systemClock: IClock = {
  nowMs: () => Date.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
