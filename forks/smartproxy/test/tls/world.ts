// A proxy that terminates TLS, on every kind of socket, with a relay in front that counts what passes on the wire.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { CertificateAuthority } from '@dcrouter/acme';
import type { IRouteConfig, ISmartProxyOptions } from '@dcrouter/smartproxy';
import { type IRunningProxy, forwardTo, startProxy } from '../helpers/proxy.ts';
import { ringMissing } from '../ring/ring.ts';

const authority = new CertificateAuthority('Test authority');
const issued = authority.issue({ names: ['a.test', 'localhost'] });
export const certificate = { key: issued.key, cert: issued.cert };
export const trusted = authority.cert;

/** Results must be alike on all of them. */
export const KINDS = ['auto', ...(ringMissing() === false ? (['ring'] as const) : []), 'net'] as const;
export type TKind = (typeof KINDS)[number];

const ALERT = 21;
const APPLICATION_DATA = 23;
const HEADER_BYTES = 5;
/** An alert of two bytes, its type of one, and the tag (RFC 8446 §5.2). */
const SEALED_ALERT_BYTES = 19;
/** At most, of both versions. */
const ALERT_RECORD_BYTES = 31;

/** Follows the records of one direction (RFC 8446 §5.1). */
class Records {
  type = 0;
  length = 0;
  #left = 0;
  #header = Buffer.alloc(0);

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const step = HEADER_BYTES - this.#header.length;
      this.#header = Buffer.concat([this.#header, bytes.subarray(at, at + step)]);
      at += step;
      if (this.#header.length < HEADER_BYTES) return;
      this.type = this.#header[0]!;
      this.length = this.#header.readUInt16BE(3);
      this.#left = this.length;
      this.#header = Buffer.alloc(0);
    }
  }

  /** Whether the last record was whole, and an alert. */
  get endsWithAlert(): boolean {
    if (this.#left > 0 || this.#header.length > 0) return false;
    return this.type === ALERT || (this.type === APPLICATION_DATA && this.length === SEALED_ALERT_BYTES);
  }
}

/** What passed through a relay. */
export interface IRelay {
  readonly port: number;
  sent: number;
  received: number;
  /** How the proxy's side of connections ended, in order: in TLS, by TCP alone, or broken. */
  readonly ends: Array<'notified' | 'cut' | 'reset'>;
  /** The sockets to the proxy, which a test may break. */
  readonly sockets: Socket[];
  /** Resolves when so many connections have ended. */
  ended(count: number): Promise<void>;
}

export async function relayTo(t: TestContext, port: number): Promise<IRelay> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay: IRelay = {
    port: (server.address() as AddressInfo).port,
    sent: 0,
    received: 0,
    ends: [],
    sockets: [],
    ended: async (count) => {
      while (relay.ends.length < count) await once(server, 'over');
    },
  };
  server.on('connection', (client: Socket) => {
    const records = new Records();
    const target = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    relay.sockets.push(target);
    let isOver = false;
    const end = (how: 'notified' | 'cut' | 'reset'): void => {
      if (!isOver) relay.ends.push(how);
      isOver = true;
      server.emit('over');
    };
    client.on('data', (bytes) => (relay.sent += bytes.length));
    target.on('data', (bytes: Buffer) => {
      relay.received += bytes.length;
      records.add(bytes);
    });
    target.on('end', () => end(records.endsWithAlert ? 'notified' : 'cut'));
    target.on('error', () => {
      end('reset');
      client.resetAndDestroy();
    });
    client.on('error', () => target.resetAndDestroy());
    client.pipe(target);
    target.pipe(client);
    t.after(() => {
      client.destroy();
      target.destroy();
    });
  });
  t.after(() => server.close());
  return relay;
}

/** Starts a proxy with one route in TLS, and the relay; both sides' bytes are compared after the test. */
export async function startSecure(
  t: TestContext,
  sockets: TKind,
  backend: number,
  more: {
    match?: Partial<IRouteConfig['match']>;
    tls?: object;
    action?: object;
    options?: Partial<ISmartProxyOptions>;
    /** Off where what was sent was cut on its way. */
    countsBytes?: boolean;
  } = {},
): Promise<IRunningProxy & { relay: IRelay; route: IRouteConfig }> {
  const route = forwardTo(backend, {}, more.match);
  route.action = { ...route.action, tls: { mode: 'terminate', certificate, ...more.tls }, ...more.action };
  // The order of `after`: the relay's comes before the proxy's.
  const running = await startProxy(t, [route], { sockets, ...more.options });
  const relay = await relayTo(t, running.port(8080));
  t.after(async () => {
    await running.ledger.settled();
    if (more.countsBytes === false) return;
    const { totals } = running.proxy.stats.snapshot();
    // Who closes first does not read the other's close_notify any more.
    const slack = ALERT_RECORD_BYTES * totals.connections;
    const unread = relay.sent - totals.bytesIn;
    const lost = totals.bytesOut - relay.received;
    assert.ok(unread >= 0 && unread <= slack, `${unread} bytes came that were not counted`);
    assert.ok(lost >= 0 && lost <= slack, `${lost} bytes were counted that did not come`);
  });
  return { ...running, relay, route };
}

/** A client that has finished its handshake; half-open. */
export async function secureClient(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const at = { port, host: '127.0.0.1', servername: 'a.test', ca: trusted, allowHalfOpen: true };
  const client = connect({ ...at, ...options });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  return client;
}

/** Everything a client gets until its side is ended or broken. */
export async function wholeOf(client: TLSSocket): Promise<Buffer> {
  const parts: Buffer[] = [];
  client.on('data', (part: Buffer) => parts.push(part));
  client.resume();
  await new Promise<void>((resolve) => client.once('end', resolve).once('close', resolve));
  return Buffer.concat(parts);
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for what no event tells of. */
export async function until(met: () => boolean): Promise<void> {
  while (!met()) await turn();
}
