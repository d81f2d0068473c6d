/**
 * Tells systemd where the process stands (sd_notify(3)), by its own `systemd-notify`: Node has no datagram sockets of the
 * Unix family. Without `NOTIFY_SOCKET` nothing is told and nothing is started.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import type { TLogger } from '../log/logger.ts';
import { processLimits } from './limits.ts';

const usPerMs = 1_000;

export class Notifier {
  readonly #enabled: boolean;
  readonly #watchdogMs: number;
  readonly #logger: TLogger;
  #timer: NodeJS.Timeout | undefined;
  #warned = false;
  /** Messages leave in their order. */
  #turn: Promise<void> = Promise.resolve();

  constructor(logger: TLogger, env: NodeJS.ProcessEnv = process.env) {
    this.#logger = logger;
    this.#enabled = (env.NOTIFY_SOCKET ?? '') !== '';
    const periodUs = Number(env.WATCHDOG_USEC ?? 0);
    this.#watchdogMs = periodUs > 0 ? periodUs / usPerMs / processLimits.watchdogShare : 0;
  }

  /** Everything is open; begins to feed the watchdog where there is one. */
  ready(status: string): Promise<void> {
    if (this.#enabled && this.#watchdogMs > 0 && this.#timer === undefined) {
      this.#timer = setInterval(() => void this.send('WATCHDOG=1'), this.#watchdogMs).unref();
    }
    return this.send('READY=1', `STATUS=${status}`);
  }

  reloading(): Promise<void> {
    return this.send('RELOADING=1');
  }

  stopping(): Promise<void> {
    return this.send('STOPPING=1');
  }

  /** The next process feeds the watchdog now. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when systemd has it, or it was found out that it will not. */
  async send(...assignments: readonly string[]): Promise<void> {
    if (!this.#enabled) return;
    this.#turn = this.#turn.then(
      () =>
        new Promise<void>((resolve) => {
          execFile('systemd-notify', [...assignments], { timeout: processLimits.notifyMs }, (error) => {
            if (error !== null && !this.#warned) {
              this.#warned = true;
              this.#logger.warn({ err: error }, 'systemd cannot be told: NOTIFY_SOCKET is set, systemd-notify failed');
            }
            resolve();
          });
        }),
    );
    await this.#turn;
  }
}
