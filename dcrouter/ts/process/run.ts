/**
 * The life of the process: from the configuration to the exit code, through restarts.
 *
 * The first process is the parent of all its successors. Once it has handed over and finished what it began, it only
 * waits: its process id stays the one that a terminal, a supervisor or a container knows. See docs/running.md.
 *
 * @module
 */
import type { TLogger } from '../log/logger.ts';
import { activatedSockets } from './activation.ts';
import type { TProcessConfig } from '../config/schema/process.ts';
import { descriptorsFor, openFilesMax } from './descriptors.ts';
import { StartError } from '../start-error.ts';
import { RestartError } from './errors.ts';
import type { IProcessHost } from './host.ts';
import { Launcher, type ICommand } from './launcher.ts';
import { processLimits } from './limits.ts';
import type { IStoreKeeper } from './messages.ts';
import { Notifier } from './notify.ts';
import { findPredecessor, type Predecessor } from './predecessor.ts';
import { assertNoWayBack, becomeUser, isRoot } from './privileges.ts';
import { Signals } from './signals.ts';
import { describe, InheritedSockets, type ISocketToPass, type IWantedSocket } from './sockets.ts';

/** How a router stops. */
export interface IStopHow {
  /** Milliseconds that what is under way may take; each part's own setting without it. */
  readonly drainMs?: number;
  /** Milliseconds in which idle clients may send one more request: a successor serves already. */
  readonly idleGraceMs?: number;
}

/** What runs in the process. */
export interface IServing {
  readonly logger: TLogger;
  readonly process: TProcessConfig;
  /** Connections that may be open at once, for the check of the descriptor limit. */
  readonly connectionsMax: number;
  start(): Promise<void>;
  stop(how?: IStopHow): Promise<void>;
  /** Everything that listens. */
  listening(): ISocketToPass[];
  reload?(): Promise<void>;
  reopenLogs?(): Promise<void>;
  readonly store?: IStoreKeeper;
}

export interface IRunOptions<TServing extends IServing, TConfig extends { process: TProcessConfig }> {
  /** Reads the configuration, and opens nothing. */
  read(): Promise<TConfig>;
  /** Makes what serves, and opens nothing. */
  create(config: TConfig, host: IProcessHost): TServing;
  onStarted?(serving: TServing): void;
  /** What a successor is started with, after the program's name; default what this process was started with. */
  readonly successorArgs?: readonly string[];
}

const noStore: IStoreKeeper = { release: async () => {}, reclaim: async () => {} };

/** Runs until a signal or a restart ends it. Resolves with the exit code; rejects when the start fails. */
export async function runProcess<TServing extends IServing, TConfig extends { process: TProcessConfig }>(
  options: IRunOptions<TServing, TConfig>,
): Promise<number> {
  // What we write may hold keys: nobody else reads it.
  process.umask(0o077);
  const args = [...process.execArgv, ...(options.successorArgs ?? process.argv.slice(1))];
  const run = new ProcessRun({ path: process.execPath, args, cwd: process.cwd() });
  return await run.guard(async () => {
    const config = await options.read();
    run.becomeUser(config.process);
    const serving = options.create(config, run);
    return await run.through(serving, () => options.onStarted?.(serving));
  });
}

class ProcessRun implements IProcessHost {
  readonly #predecessor: Predecessor | null;
  #sockets = new InheritedSockets();
  readonly #command: ICommand;
  readonly #end = Promise.withResolvers<'stopped' | 'handed over'>();
  #launcher: Launcher | null = null;
  #serving: IServing | null = null;
  #state: 'starting' | 'serving' | 'ending' = 'starting';

  constructor(command: ICommand) {
    this.#command = command;
    this.#predecessor = findPredecessor(() => this.stop());
  }

  /** Tells the process before why this one will not serve; a successor that fails is not the end of the service. */
  async guard(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      await this.#predecessor?.failed((error as Error).message);
      throw error;
    } finally {
      this.#predecessor?.close();
    }
  }

  /** Before anything is opened, and before the sockets' variables are read: the process may be replaced here. */
  becomeUser(identity: TProcessConfig): void {
    if (this.#predecessor !== null && identity.user !== undefined && isRoot()) {
      throw new StartError(
        'process.user does not take effect by a restart of a router that runs as root; stop and start it',
      );
    }
    becomeUser(identity, [process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
    if (identity.user !== undefined) assertNoWayBack();
    this.#sockets = new InheritedSockets([...(this.#predecessor?.sockets ?? []), ...activatedSockets()]);
  }

  take(wanted: IWantedSocket): number | undefined {
    return this.#sockets.take(wanted);
  }

  async storeFree(): Promise<void> {
    await this.#predecessor?.storeFree();
  }

  stop(): void {
    if (this.#state !== 'starting') this.#state = 'ending';
    this.#end.resolve('stopped');
  }

  async restart(): Promise<void> {
    const serving = this.#serving;
    if (this.#state !== 'serving' || serving === null) {
      throw new RestartError('DCR_RESTART_BUSY', 'the process does not serve yet, or no more; nothing was restarted');
    }
    const { readyTimeoutMs } = serving.process;
    const store = serving.store ?? noStore;
    if (this.#predecessor === null) await this.#launcher!.launch(serving.listening(), store, readyTimeoutMs);
    else await this.#predecessor.restart(serving.listening(), store, readyTimeoutMs);
    this.#state = 'ending';
    // Whoever asked for it gets his answer first.
    setImmediate(() => this.#end.resolve('handed over'));
  }

  /** From the start to the exit code. */
  async through(serving: IServing, onStarted: () => void): Promise<number> {
    const { logger } = serving;
    this.#serving = serving;
    const launcher = new Launcher(this.#command, logger);
    this.#launcher = launcher;
    const notifier = new Notifier(logger);
    const signals = this.#plugSignals(serving, launcher, notifier);
    try {
      await this.#start(serving);
      onStarted();
      await notifier.ready('serving');
      const how = await this.#end.promise;
      notifier.close();
      if (how === 'handed over') {
        await serving.stop({ drainMs: serving.process.handOverDrainMs, idleGraceMs: processLimits.idleGraceMs });
        logger.info('what was begun before the restart is finished');
      } else {
        await Promise.all([notifier.stopping(), serving.stop()]);
      }
      return await launcher.ended();
    } finally {
      signals.close();
    }
  }

  async #start(serving: IServing): Promise<void> {
    warnAboutRights(serving);
    try {
      await serving.start();
    } finally {
      for (const socket of this.#sockets.closeRest()) {
        serving.logger.warn(`no listener is configured for the inherited socket ${describe(socket)}; it is closed`);
      }
    }
    this.#state = 'serving';
    await this.#predecessor?.ready();
  }

  #plugSignals(serving: IServing, launcher: Launcher, notifier: Notifier): Signals {
    const { logger } = serving;
    const signals = new Signals(
      (signal) => {
        launcher.signal(signal === 'SIGINT' ? 'SIGTERM' : signal, true);
        launcher.signal('SIGKILL', true);
        process.exit(1);
      },
      (signal, action) => logger.warn({ signal }, `nothing is there to ${action}`),
    );
    /** Once a successor serves, what is meant for the router is for it. */
    const onServing = (action: () => void) => (signal: NodeJS.Signals) => {
      if (launcher.handedOver) launcher.signal(signal, false);
      else action();
    };
    signals.on('stop', (signal) => {
      logger.info({ signal }, 'stopping');
      launcher.signal(signal, true);
      this.stop();
    });
    signals.on(
      'restart',
      onServing(() => void this.restart().catch((error: unknown) => logRefusal(logger, error))),
    );
    if (serving.reload !== undefined) {
      signals.on(
        'reload',
        onServing(() => void reload(serving, notifier)),
      );
    }
    if (serving.reopenLogs !== undefined)
      signals.on(
        'reopen-logs',
        onServing(() => void reopenLogs(serving)),
      );
    signals.listen();
    return signals;
  }
}

function logRefusal(logger: TLogger, error: unknown): void {
  logger.error({ code: (error as RestartError).code }, `no restart: ${(error as Error).message}`);
}

async function reopenLogs(serving: IServing): Promise<void> {
  await serving.reopenLogs?.().catch((error: unknown) => {
    serving.logger.error(`the log files were not opened again: ${(error as Error).message}`);
  });
}

async function reload(serving: IServing, notifier: Notifier): Promise<void> {
  await notifier.reloading();
  await serving.reload?.().catch((error: unknown) => {
    serving.logger.error(`the configuration was not reloaded: ${(error as Error).message}`);
  });
  await notifier.ready('serving');
}

function warnAboutRights({ logger, process: settings, connectionsMax }: IServing): void {
  if (isRoot() && !settings.allowRoot) {
    logger.warn('the router runs as root; name an unprivileged process.user, or set process.allowRoot');
  }
  const wanted = descriptorsFor(connectionsMax);
  const has = openFilesMax();
  if (has !== undefined && has < wanted) {
    logger.warn(
      { has, wanted },
      `${connectionsMax} connections may need ${wanted} open files, this process may open ${has}; raise its limit (ulimit -n, LimitNOFILE)`,
    );
  }
}
