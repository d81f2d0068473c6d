/**
 * Requests over a few kept-alive HTTP/1.1 connections, for DoH servers without HTTP/2.
 *
 * @module
 */
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { DnsError, asDnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';
import type { IEndpoint } from './endpoint.ts';
import { BodyCollector, parseAge, requestHeaders } from './http.ts';
import type { IHttpAnswer, IHttpExchange } from './http.ts';

/** An agent whose first connection is one that is open already. */
class ReadyAgent extends Agent {
  readonly #open: () => TLSSocket;
  #ready: TLSSocket | undefined;

  constructor(ready: TLSSocket, open: () => TLSSocket, idleMs: number) {
    super({ keepAlive: true, maxSockets: clientLimits.http1ConnectionsMax, timeout: idleMs });
    this.#open = open;
    this.#ready = ready;
  }

  override createConnection(): TLSSocket {
    const ready = this.#ready;
    this.#ready = undefined;
    return ready !== undefined && !ready.destroyed ? ready : this.#open();
  }

  override destroy(): void {
    this.#ready?.destroy();
    super.destroy();
  }
}

/** HTTP/1.1 to one server. Node's agent lets idle connections go without holding the process open. */
export class Http1Exchange implements IHttpExchange {
  readonly #endpoint: IEndpoint;
  readonly #agent: ReadyAgent;
  readonly #rejects = new Set<(reason: DnsError) => void>();
  #answered = 0;
  #dead: DnsError | undefined;

  constructor(endpoint: IEndpoint, socket: TLSSocket, idleMs: number, open: () => TLSSocket) {
    this.#endpoint = endpoint;
    this.#agent = new ReadyAgent(socket, open, idleMs);
  }

  get usable(): boolean {
    return this.#dead === undefined;
  }

  get reused(): boolean {
    return this.#answered > 0;
  }

  request(path: string, body: Buffer | undefined, timeoutMs: number): Promise<IHttpAnswer> {
    const upstream = this.#endpoint.label;
    return new Promise((resolve, reject) => {
      if (this.#dead !== undefined) {
        reject(this.#dead);
        return;
      }
      const { servername, port } = this.#endpoint;
      const outgoing = request({
        agent: this.#agent,
        host: servername,
        port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: requestHeaders(body?.length),
      });
      const finish = (outcome: IHttpAnswer | DnsError): void => {
        if (!this.#rejects.delete(finish)) return;
        clearTimeout(timer);
        if (outcome instanceof DnsError) {
          outgoing.destroy();
          reject(outcome);
        } else {
          this.#answered += 1;
          resolve(outcome);
        }
      };
      this.#rejects.add(finish);
      const timer = setTimeout(() => finish(new DnsError('ETIMEOUT', { upstream })), Math.max(1, timeoutMs));
      outgoing.on('error', (error) => finish(asDnsError(error, 'ECONNECT', { upstream })));
      outgoing.on('response', (incoming) => collect(incoming, upstream, finish));
      outgoing.end(body);
    });
  }

  destroy(reason: DnsError): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    for (const reject of this.#rejects) reject(reason);
    this.#agent.destroy();
  }
}

function collect(incoming: IncomingMessage, upstream: string, finish: (outcome: IHttpAnswer | DnsError) => void): void {
  const collector = new BodyCollector();
  incoming.on('data', (chunk: Buffer) => {
    if (!collector.add(chunk)) finish(new DnsError('EHTTP', { upstream, reason: 'too-long', note: 'body too long' }));
  });
  incoming.on('error', (error) => finish(asDnsError(error, 'ECONNECT', { upstream })));
  incoming.on('end', () => {
    finish({
      status: incoming.statusCode ?? 0,
      contentType: incoming.headers['content-type'] ?? '',
      ageSeconds: parseAge(incoming.headers.age),
      body: collector.take(),
    });
  });
}
