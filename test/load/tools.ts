/**
 * Load tools that count for themselves: h2load, else ab, else a plain Node client, so that the test always runs.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { toolVersion } from '../helpers/child.ts';

export interface ILoad {
  readonly port: number;
  readonly host: string;
  readonly tls: boolean;
  readonly requests: number;
  readonly connections: number;
}

/** What the tool says that it saw. */
export interface ILoadNumbers {
  readonly tool: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Bytes of responses, heads included, above TLS; undefined where the tool does not say. */
  readonly bytesReceived: number | undefined;
}

/** Runs a program to its end; everything that it printed. */
export async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  await once(child, 'close');
  return text;
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in:\n${text}`);
  return Number(found);
}

async function h2load(load: ILoad): Promise<ILoadNumbers> {
  const url = `${load.tls ? 'https' : 'http'}://${load.host}:${load.port}/`;
  const args = ['--h1', '-n', String(load.requests), '-c', String(load.connections)];
  const text = await outputOf('h2load', [...args, `--connect-to=127.0.0.1:${load.port}`, url]);
  return {
    tool: 'h2load',
    succeeded: number(text, /(\d+) succeeded/),
    failed: number(text, /(\d+) failed/),
    bytesReceived: number(text, /traffic: \S+ \((\d+)\) total/),
  };
}

async function ab(load: ILoad): Promise<ILoadNumbers> {
  const url = `${load.tls ? 'https' : 'http'}://127.0.0.1:${load.port}/`;
  const args = ['-k', '-n', String(load.requests), '-c', String(load.connections), '-H', `Host: ${load.host}`];
  const text = await outputOf('ab', [...args, url]);
  const failed = number(text, /Failed requests:\s+(\d+)/);
  return {
    tool: 'ab',
    succeeded: number(text, /Complete requests:\s+(\d+)/) - failed,
    failed,
    bytesReceived: number(text, /Total transferred:\s+(\d+)/),
  };
}

async function nodeClient(load: ILoad): Promise<ILoadNumbers> {
  const options = { keepAlive: true, maxSockets: load.connections };
  const agent = load.tls ? new HttpsAgent(options) : new HttpAgent(options);
  const send = load.tls ? httpsRequest : httpRequest;
  const settings: RequestOptions & { servername: string; rejectUnauthorized: boolean } = {
    agent,
    host: '127.0.0.1',
    port: load.port,
    headers: { host: load.host },
    servername: load.host,
    rejectUnauthorized: false,
  };
  const one = (): Promise<boolean> =>
    new Promise((resolve) => {
      const outgoing = send(settings, (response) => {
        response.resume().once('end', () => resolve(response.statusCode === 200));
      });
      outgoing.once('error', () => resolve(false));
      outgoing.end();
    });
  const results = await Promise.all(Array.from({ length: load.requests }, one));
  agent.destroy();
  const succeeded = results.filter(Boolean).length;
  return { tool: 'node:http', succeeded, failed: results.length - succeeded, bytesReceived: undefined };
}

/** Sends the load with the best tool that this machine has. */
export async function runLoad(load: ILoad): Promise<ILoadNumbers> {
  if (toolVersion('h2load') !== undefined) return h2load(load);
  // ab sends the address as server name, which a TLS route by name would not accept.
  if (!load.tls && toolVersion('ab', ['-V']) !== undefined) return ab(load);
  return nodeClient(load);
}
