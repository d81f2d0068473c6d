// A program with a store that only one process may have open, as a lock file shows: what a hand-over must keep.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { processSection } from '../../ts/config/schema/process.ts';
import { createLogger } from '../../ts/log/logger.ts';
import type { IProcessHost } from '../../ts/process/host.ts';
import { runProcess, type IServing } from '../../ts/process/run.ts';

const [lock, settings] = process.argv.slice(2) as [string, string];
const say = (what: string): boolean => process.stdout.write(`${what} ${process.pid}\n`);

/** Fails when another process has the store. */
function open(): void {
  writeFileSync(lock, String(process.pid), { flag: 'wx' });
  say('OPENED');
}

function close(): void {
  if (readFileSync(lock, 'utf8') !== String(process.pid)) throw new Error('the store is not ours');
  rmSync(lock);
  say('CLOSED');
}

function create(host: IProcessHost, config: { process: IServing['process']; fail: boolean }): IServing {
  let isOpen = false;
  return {
    logger: createLogger({ level: 'info', format: 'json' }),
    process: config.process,
    connectionsMax: 0,
    listening: () => [],
    start: async () => {
      await host.storeFree();
      open();
      isOpen = true;
      if (config.fail) {
        close();
        throw new Error('it is told to fail with the store in its hands');
      }
      // Something has to keep the process.
      timer = setInterval(() => {}, 60_000);
    },
    stop: async () => {
      clearInterval(timer);
      if (isOpen) close();
    },
    store: {
      release: async () => {
        close();
        isOpen = false;
      },
      reclaim: async () => {
        open();
        isOpen = true;
      },
    },
  };
}

let timer: NodeJS.Timeout | undefined;
process.exitCode = await runProcess({
  read: async () => ({
    process: processSection.parse({ allowRoot: true }),
    fail: (JSON.parse(readFileSync(settings, 'utf8')) as { fail: boolean }).fail,
  }),
  create: (config, host) => create(host, config),
  onStarted: () => say('SERVES'),
}).catch((error: unknown) => {
  say(`FAILED ${(error as Error).message}`);
  return 1;
});
