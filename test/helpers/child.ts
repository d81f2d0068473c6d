/**
 * Child processes for tests: started, read and stopped as a whole group.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface IChild {
  readonly process: ChildProcess;
  /** Everything written so far, both streams in order of arrival. */
  output(): string;
  /** Resolves when `pattern` has appeared in the output; rejects when the process ends before. */
  saw(pattern: RegExp): Promise<void>;
  /** Signals the whole process group, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void;
  /** Resolves to the exit code, or to the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface IChildOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function startChild(command: string, args: readonly string[], options: IChildOptions = {}): IChild {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let over = false;
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
      changed();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true;
    changed();
    return (code ?? signal) as number | NodeJS.Signals;
  });
  return {
    process: child,
    ended,
    output: () => text,
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(text)) resolve();
          else if (over) reject(new Error(`the process ended without ${pattern}:\n${text}`));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
    signalGroup: (signal) => {
      if (!over && child.pid !== undefined) process.kill(-child.pid, signal);
    },
  };
}

/** The first line that `command` prints about itself, or undefined when the machine does not have it. */
export function toolVersion(command: string, args: readonly string[] = ['--version']): string | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.error) return undefined;
  return `${result.stdout}${result.stderr}`.trim().split('\n')[0];
}
