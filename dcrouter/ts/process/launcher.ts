/**
 * Starts successors, and is the parent of all of them: they end with it, and it ends with the last of them.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { TLogger } from '../log/logger.ts';
import { RestartError } from './errors.ts';
import { Child } from './child.ts';
import { processLimits } from './limits.ts';
import { protocolVersion, successorVariable, type IStoreKeeper, type ISuccession } from './messages.ts';
import type { ISocketToPass } from './sockets.ts';

/** How a successor is started. */
export interface ICommand {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** Descriptors of a child: three standard streams and the channel. */
const firstSocketFd = 4;

export class Launcher {
  readonly #command: ICommand;
  readonly #logger: TLogger;
  readonly #children = new Set<Child>();
  #current: Child | null = null;
  #launching = false;
  #lastCode = 0;
  #waiting: Array<(code: number) => void> = [];

  constructor(command: ICommand, logger: TLogger) {
    this.#command = command;
    this.#logger = logger;
  }

  /** Whether a successor serves, and not this process any more. */
  get handedOver(): boolean {
    return this.#current !== null;
  }

  /**
   * Starts a successor on these sockets; resolves when it serves.
   *
   * @throws RestartError why it does not; nothing of it is left then
   */
  async launch(sockets: readonly ISocketToPass[], store: IStoreKeeper, readyMs: number): Promise<void> {
    if (this.#launching) throw new RestartError('DCR_RESTART_BUSY', 'a restart is under way already');
    const draining = this.#children.size - (this.#current === null ? 0 : 1);
    if (draining >= processLimits.drainingMax) {
      const message = `${draining} old processes still drain; restart again when one of them has ended`;
      throw new RestartError('DCR_RESTART_BUSY', message);
    }
    this.#launching = true;
    try {
      const child = this.#add(this.#spawn(sockets));
      await child.serving(store, readyMs);
      this.#current = child;
    } finally {
      this.#launching = false;
      this.#settle();
    }
  }

  /** To the process that serves, or to all. */
  signal(signal: NodeJS.Signals, all: boolean): void {
    for (const child of this.#children) if (all || child === this.#current) child.kill(signal);
  }

  /** Resolves with the exit code of the last process that served, once all have ended. */
  async ended(): Promise<number> {
    if (this.#children.size === 0) return this.#lastCode;
    return await new Promise<number>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #spawn(sockets: readonly ISocketToPass[]): ChildProcess {
    const { path, args, cwd } = this.#command;
    const succession: ISuccession = {
      version: protocolVersion,
      sockets: sockets.map(({ name, protocol, address, port }, index) => {
        return { name, protocol, address, port, fd: firstSocketFd + index };
      }),
    };
    return spawn(path, args, {
      cwd,
      env: { ...process.env, [successorVariable]: JSON.stringify(succession) },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...sockets.map(({ handle }) => handle.fd)],
    });
  }

  #add(process: ChildProcess): Child {
    const child = new Child(process, {
      restart: async (sockets, store, readyMs) => await this.launch(sockets, store, readyMs),
      ended: (code) => this.#onEnd(child, code),
    });
    this.#children.add(child);
    this.#logger.info({ successor: process.pid }, 'starting a successor');
    return child;
  }

  #onEnd(child: Child, code: number): void {
    this.#children.delete(child);
    if (child === this.#current) this.#lastCode = code;
    this.#settle();
  }

  #settle(): void {
    if (this.#children.size > 0 || this.#launching) return;
    for (const resolve of this.#waiting.splice(0)) resolve(this.#lastCode);
  }
}
