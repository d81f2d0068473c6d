/**
 * A router that was started from a file: with its store, its changes, and everything that ends with it.
 *
 * @module
 */
import { dirname, resolve } from 'node:path';
import { AutoReload } from '../control/auto-reload.ts';
import { systemClock, type IClock } from '../control/clock.ts';
import { createCompiler } from '../control/compiler.ts';
import { Control } from '../control/control.ts';
import { readFileDocument, readFileState, type IFileDocument, type IFileState } from '../control/file.ts';
import { Follower } from '../control/follower.ts';
import { Reporter } from '../control/report.ts';
import { prepareTakeOver, takeOverFile, type ITakeOver } from '../control/take-over.ts';
import type { TConfig } from '../config/schema/index.ts';
import { EventBus } from '../events/bus.ts';
import type { TLogger } from '../log/logger.ts';
import { Logs } from '../log/logs.ts';
import { DcRouter } from '../router.ts';
import type { IProcessHost } from './host.ts';
import type { IStoreKeeper } from './messages.ts';
import type { IStopHow } from './run.ts';
import { StoreUnavailableError } from '../store/errors.ts';
import { openStore } from '../store/open.ts';
import type { IStore } from '../store/types.ts';

export interface IRouterProcessOptions {
  /** Variables that the document may name; the process's own unless given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly logger?: TLogger;
  /** The log to write; one made from the document unless given. */
  readonly logs?: Logs;
  /** The process around the router. */
  readonly host?: IProcessHost;
  /** Opens what is kept; as the document's `store` section says unless given. */
  readonly openStore?: () => Promise<IStore>;
  readonly clock?: IClock;
}

export class RouterProcess {
  readonly router: DcRouter;
  readonly control: Control;
  /** What began after the router, in the order of its beginning. */
  readonly #open: () => Promise<IStore>;
  readonly #others: Array<{ stop(): void }> = [];

  private constructor(router: DcRouter, control: Control, open: () => Promise<IStore>) {
    this.#open = open;
    this.router = router;
    this.control = control;
  }

  /**
   * Reads the file, decides what serves, and serves it. A store that is away does not keep the router from it: the
   * file serves, and what the store holds is taken over when it is back.
   *
   * @throws ConfigError, StartError, StoreOpenError; nothing stays open then
   */
  static async start(file: string, options: IRouterProcessOptions = {}): Promise<RouterProcess> {
    const clock = options.clock ?? systemClock;
    const env = options.env ?? process.env;
    const compiler = createCompiler(env);
    // Before the file: what changes between the two is seen as a change.
    const state = await readFileState(file, env);
    const document = await readFileDocument(file);
    // Before the store is opened: the file says where it is, and a file that is wrong is told at once.
    const own = await compiler.compile(document, []);
    const logs = options.logs ?? new Logs(own.logging, { logger: options.logger });
    const { logger } = logs;
    const events = new EventBus();
    const report = new Reporter(events, logger, clock);
    const tools = { compiler, clock, report };
    const folder = dirname(resolve(file));
    const open = (): Promise<IStore> =>
      options.openStore?.() ?? openStore(own.store, { node: own.node.name, folder, logger });
    // Nobody but one process has the file of SQLite open.
    if (own.store.type === 'sqlite') await options.host?.storeFree();

    const { store, prepared } = await reach(open, async (store) => prepareTakeOver(store, document, tools), report);
    const takeOver = prepared ?? (await takeOverFile(document, tools));
    try {
      const reconcile = (next: TConfig): Promise<void> => router.reconcile(next);
      const readFile = (): Promise<IFileDocument> => readFileDocument(file);
      const control = new Control({ ...tools, reconcile, readFile, store }, takeOver.serving);
      const router = new DcRouter(takeOver.serving.snapshot.config, { logs, events, control, host: options.host });
      const serve = (): Promise<void> => router.start();
      await control.alone(() => (store === null ? serve() : control.settling(store, takeOver, serve)));
      const running = new RouterProcess(router, control, open);
      if (store === null) running.#joinLater(open, clock, report);
      else control.follow();
      const read = (): Promise<IFileState> => readFileState(file, env);
      if (own.control.watch) await running.#watch(new AutoReload({ control, clock, report, read }, state), state);
      return running;
    } catch (error) {
      await store?.close();
      throw error;
    }
  }

  /** Lets the change under way and what is served end, then closes the store. */
  async stop(how?: IStopHow): Promise<void> {
    for (const other of this.#others.reverse()) other.stop();
    await this.control.stop();
    await this.router.stop(how);
    await this.control.store?.close();
  }

  /** Lets go of the store before another process opens it, and has it again when that one fails. */
  readonly storeKeeper: IStoreKeeper = {
    release: async () => await this.control.store?.close(),
    reclaim: async () => await this.control.join(await this.#open()),
  };

  async #watch(watch: AutoReload, { files }: IFileState): Promise<void> {
    this.#others.push(watch);
    await watch.start(files);
  }

  #joinLater(open: () => Promise<IStore>, clock: IClock, report: Reporter): void {
    const follower = new Follower(clock, async () => {
      try {
        const store = await open();
        await this.control.join(store).catch(async (error: unknown) => {
          await store.close();
          throw error;
        });
      } catch (error) {
        report.warn('the store has not been reached yet; it is tried again', error);
        throw error;
      }
    });
    this.#others.push(follower);
    follower.tell();
  }
}

/** The store and what it says, or null where it is away. */
async function reach(
  open: () => Promise<IStore>,
  prepare: (store: IStore) => Promise<ITakeOver>,
  report: Reporter,
): Promise<{ readonly store: IStore | null; readonly prepared: ITakeOver | null }> {
  let store: IStore | null = null;
  try {
    store = await open();
    return { store, prepared: await prepare(store) };
  } catch (error) {
    await store?.close();
    if (!(error instanceof StoreUnavailableError)) throw error;
    report.warn('the store is away: what the file says serves, without shared objects, and cannot be changed', error);
    return { store: null, prepared: null };
  }
}
