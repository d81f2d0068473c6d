// A resolver that says what the test wants, and backends that tell their name.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { ITargetEndpoint, ITargetResolver } from '@dcrouter/smartproxy';
import { RawClient } from '../helpers/proxy.ts';

/** Knows the names that it is told. */
export class Names implements ITargetResolver {
  readonly #known = new Map<string, readonly ITargetEndpoint[]>();
  readonly #expired = new Set<string>();
  /** Names that `resolve` was asked for. */
  readonly asked: string[] = [];
  /** Answers only `resolve`, as for names that are not in the cache. */
  forgetful = false;

  set(name: string, ...addresses: string[]): void {
    this.#known.set(name, [{ name, addresses, port: 0, priority: 0, weight: 0 }]);
  }

  setService(name: string, ...endpoints: Array<Partial<ITargetEndpoint> & { port: number }>): void {
    this.#known.set(
      name,
      endpoints.map((endpoint) => ({ name: 'b.test', addresses: ['127.0.0.1'], priority: 0, weight: 0, ...endpoint })),
    );
  }

  delete(name: string): void {
    this.#known.delete(name);
  }

  /** The answer's time is over: it must be asked for again. */
  expire(name: string): void {
    this.#expired.add(name);
  }

  peek(name: string): readonly ITargetEndpoint[] | null {
    return this.forgetful || this.#expired.has(name) ? null : (this.#known.get(name) ?? null);
  }

  async resolve(name: string): Promise<readonly ITargetEndpoint[]> {
    this.asked.push(name);
    this.#expired.delete(name);
    const known = this.#known.get(name);
    if (known === undefined) throw Object.assign(new Error(`there is no ${name}`), { code: 'ENOTFOUND' });
    return known;
  }
}

/** An HTTP backend that answers its name; on the port of another one where that is given. */
export async function backend(t: TestContext, name: string, address = '127.0.0.1', port = 0): Promise<IBackend> {
  const server = createServer((_req, res) => res.end(name));
  server.listen(port, address);
  await once(server, 'listening');
  let connections = 0;
  server.on('connection', () => (connections += 1));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, connections: () => connections };
}

export interface IBackend {
  readonly server: Server;
  readonly port: number;
  readonly connections: () => number;
}

/** One request on a connection that stays; gives status and body. */
export async function ask(client: RawClient, host = 'a.test', path = '/'): Promise<{ status: number; body: string }> {
  client.received = Buffer.alloc(0);
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.until(({ text }) => {
    const end = text.indexOf('\r\n\r\n');
    const length = /content-length: (\d+)/i.exec(text);
    if (end === -1) return false;
    return length === null ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length[1]);
  });
  return { status: Number(client.text.slice(9, 12)), body: client.text.slice(client.text.indexOf('\r\n\r\n') + 4) };
}

/** One request on a connection of its own. */
export async function askOnce(port: number, host = 'a.test'): Promise<{ status: number; body: string }> {
  const client = await RawClient.open(port);
  try {
    return await ask(client, host);
  } finally {
    client.socket.destroy();
  }
}

/**
 * An address and port that never answers: a listener that accepts nothing and whose queue is full, so that the system
 * drops what else asks for a connection.
 */
export async function blackHole(t: TestContext, address: string): Promise<number> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: workerData.address, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(workerData.stop), 0, 0);
      server.close();
    });`;
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(code, { eval: true, workerData: { address, stop } });
  const [port] = (await once(worker, 'message')) as [number];
  // Linux lets one more than the backlog in.
  const fillers = [connect(port, address), connect(port, address)];
  for (const filler of fillers) filler.on('error', () => {});
  await Promise.all(fillers.map((filler) => once(filler, 'connect')));
  t.after(async () => {
    for (const filler of fillers) filler.destroy();
    Atomics.store(new Int32Array(stop), 0, 1);
    Atomics.notify(new Int32Array(stop), 0);
    await worker.terminate();
  });
  return port;
}
