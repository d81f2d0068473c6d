// Programs that check us from outside, and how to talk to a Prometheus server.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Why a test cannot run, or false: for the `skip` option. */
export function missing(program: string): string | false {
  const { error } = spawnSync(program, ['--version'], { timeout: 10_000 });
  return error === undefined ? false : `${program} is not installed (Debian package prometheus)`;
}

/** Milliseconds after which waiting for the server has failed. */
const DEADLINE_MS = 30_000;
const PAUSE_MS = 50;

/** Calls `attempt` until it gives something; throws with the last error when the time is over. */
export async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + DEADLINE_MS;
  let last: unknown = 'nothing yet';
  while (performance.now() < endMs) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`${what} did not come about: ${String(last)}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface ISeries {
  metric: Record<string, string>;
  value?: [number, string];
  values?: Array<[number, string]>;
}

/** A running Prometheus server that scrapes the given `host:port` targets under one job each. */
export class Prometheus {
  readonly #base: string;

  private constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}`;
  }

  static async start(t: TestContext, jobs: Readonly<Record<string, string>>): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'metrics-prometheus-'));
    const port = await freePort();
    const scrapes = Object.entries(jobs).map(
      ([job, target]) => `  - job_name: ${job}\n    static_configs: [{ targets: ['${target}'] }]\n`,
    );
    const config = `global: { scrape_interval: 200ms, scrape_timeout: 200ms }\nscrape_configs:\n${scrapes.join('')}`;
    writeFileSync(join(folder, 'prometheus.yml'), config);
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--enable-feature=exemplar-storage',
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const exited = once(child, 'exit');
    t.after(async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    });
    const server = new Prometheus(port);
    await until('a ready Prometheus', async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${log}`);
      return (await fetch(`${server.#base}/-/ready`)).ok ? true : undefined;
    });
    return server;
  }

  /** Result of an API call. */
  async api<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const answer = await fetch(`${this.#base}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const body = (await answer.json()) as { status: string; data: T; error?: string };
    if (body.status !== 'success') throw new Error(body.error);
    return body.data;
  }

  /** Series of an instant query. */
  async query(query: string): Promise<ISeries[]> {
    return (await this.api<{ result: ISeries[] }>('query', { query })).result;
  }

  /** The one value of an instant query. */
  async value(query: string): Promise<number> {
    const result = await this.query(query);
    if (result.length !== 1) throw new Error(`${query} has ${result.length} results`);
    return Number(result[0]!.value![1].replace('Inf', 'Infinity'));
  }
}
