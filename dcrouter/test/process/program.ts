/**
 * Starts the router as a program, and reads what it says.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export const nodeArgs = [
  '--conditions=dcrouter-source',
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'subject.ts'),
];

export interface IProgram {
  readonly pid: number;
  output(): string;
  saw(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Runs a command until the test is over. */
export function startProgram(
  t: TestContext,
  command: string,
  args: readonly string[],
  more: { env?: NodeJS.ProcessEnv; fds?: readonly number[] } = {},
): IProgram {
  const child = spawn(command, args, {
    env: { ...process.env, ...more.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(more.fds ?? [])],
    detached: true,
  });
  let text = '';
  let over = false;
  const looks = new Set<() => void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const look of looks) look();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true;
    for (const look of looks) look();
    return (code ?? signal) as number | NodeJS.Signals;
  });
  t.after(async () => {
    if (!over) process.kill(-child.pid!, 'SIGKILL');
    await ended;
  });
  return {
    pid: child.pid!,
    output: () => text,
    ended,
    kill: (signal) => void child.kill(signal),
    saw: async (pattern) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (pattern.test(text)) resolve();
        else if (over) reject(new Error(`the process ended without ${pattern}:\n${text}`));
      };
      looks.add(look);
      look();
      await promise;
      looks.delete(look);
    },
  };
}

/** A configuration file that every user may read. */
export function writeConfig(t: TestContext, config: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-process-'));
  chmodSync(folder, 0o755);
  const file = join(folder, 'dcrouter.json');
  writeFileSync(file, JSON.stringify({ logging: { access: false }, ...config }), { mode: 0o644 });
  t.after(() => rmSync(folder, { recursive: true }));
  return file;
}

/** Ports that were free on TCP and UDP a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Array<() => void> = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket('udp4');
    const bound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true));
    });
    held.push(
      () => tcp.close(),
      () => udp.close(),
    );
    if (bound) ports.push(port);
  }
  for (const release of held) release();
  return ports;
}

export const records = [
  { name: '@', type: 'NS', data: 'ns1.example.test' },
  { name: 'ns1', type: 'A', data: '192.0.2.53' },
];

/** A route to nowhere: the port is what matters. */
export const routeOn = (ports: number | number[]): object => ({
  name: 'app',
  match: { ports, protocol: 'http' },
  action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] },
});
