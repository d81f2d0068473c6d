/**
 * A router with its control plane for tests: started from a file of its own, over a store that the test can reach.
 *
 * @module
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { steadyPorts } from '../../../test/helpers/ports.ts';
import type { IRouterEvent } from '../../ts/events/types.ts';
import { RouterProcess, type IRouterProcessOptions } from '../../ts/process/router-process.ts';
import { MemoryStore } from '../../ts/store/memory.ts';
import type { IStore } from '../../ts/store/types.ts';

/** A route on loopback. */
export interface IRouteOfTest {
  readonly name: string;
  readonly port: number;
  readonly target: number;
  readonly domains?: readonly string[];
}

/** A document in JSON, which is YAML. */
export function documentOf(
  api: number,
  routes: readonly IRouteOfTest[],
  others: Readonly<Record<string, unknown>> = {},
): string {
  const proxy = { address: '127.0.0.1', drainTimeoutMs: 100, routes: routes.map(routeOf) };
  return JSON.stringify({ api: { port: api }, proxy, ...others });
}

export function routeOf({ name, port, target, domains }: IRouteOfTest) {
  return {
    name,
    match: { ports: port, ...(domains && { domains }) },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: target }] },
  };
}

export interface INode {
  readonly running: RouterProcess;
  readonly file: string;
  /** Everything that `config.*` told. */
  readonly told: readonly IRouterEvent[];
  /** Replaces the file as an editor does: by renaming. */
  write(text: string): Promise<void>;
  stop(): Promise<void>;
}

export interface INodeOptions extends Omit<IRouterProcessOptions, 'openStore'> {
  readonly store?: IStore;
  readonly openStore?: () => Promise<IStore>;
  readonly file?: string;
}

/** A folder that goes with the test. */
export async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-control-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function startNode(t: TestContext, text: string, options: INodeOptions = {}): Promise<INode> {
  const file = options.file ?? join(await folderOf(t), 'router.yaml');
  const write = async (content: string): Promise<void> => {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  };
  await write(text);
  const { store = new MemoryStore({ node: 'test' }), openStore = async () => store, ...others } = options;
  const logger = options.logger ?? pino({ level: 'silent' });
  const running = await RouterProcess.start(file, { ...others, logger, openStore });
  const told: IRouterEvent[] = [];
  running.router.events.subscribe(['config.*'], (event) => told.push(event));
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= running.stop());
  t.after(stop);
  return { running, file, told, write, stop };
}

/** Resolves with the next event of this kind. */
export function nextEvent(node: Pick<INode, 'running'>, kind: string): Promise<IRouterEvent> {
  return new Promise((resolve) => {
    const off = node.running.router.events.subscribe([kind], (event) => {
      off();
      resolve(event);
    });
  });
}

export async function ports<const N extends number>(count: N): Promise<number[] & { length: N }> {
  return (await steadyPorts(count)) as number[] & { length: N };
}

/** What a fresh connection is answered, or the code of the error. */
export async function answerOf(port: number, path = '/'): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return ((error as Error).cause as NodeJS.ErrnoException).code ?? String(error);
  }
}
