// What terminated TLS counts, and what it leaves behind: nothing, also under a collector that never rests.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { patterned, sha256, startHttp } from '../helpers/proxy.ts';
import type { IHeld } from './child.ts';
import { KINDS, secureClient, startSecure, wholeOf } from './world.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
/** More by hand: what one connection leaves behind is seen by many. */
const CONNECTIONS = Number(process.env['TLS_CONNECTIONS'] ?? 1_200);
const AT_ONCE = 20;
/** The other process has made itself a certificate. */
const ANYBODY = { rejectUnauthorized: false };
/** Far less than a TLS session for each of them. */
const GROWTH_BYTES = 3_000_000;
const NO_PROC = existsSync('/proc/self/fd') ? false : 'descriptors cannot be counted here';

async function startChild(
  t: TestContext,
  args: string[],
  execArgv: string[],
): Promise<{ port: number; child: ChildProcess; held: () => Promise<IHeld> }> {
  const flags = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', '--expose-gc', ...execArgv];
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), args, { execArgv: flags });
  t.after(() => child.kill());
  const died = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the proxy died: ${String(code)} ${String(signal)}`);
  });
  died.catch(() => {});
  const told = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), died]))[0] as unknown;
  const port = (await told()) as number;
  const held = async (): Promise<IHeld> => {
    const answer = told();
    child.send('tell');
    return (await answer) as IHeld;
  };
  return { port, child, held };
}

/** One connection that ends in one of many ways. */
async function visit(port: number, number: number, session: Buffer | undefined): Promise<Buffer | undefined> {
  const version = number % 2 === 0 ? 'TLSv1.3' : 'TLSv1.2';
  const raw = connectTcp(port, '127.0.0.1').on('error', () => {});
  const at = { socket: raw, servername: 'a.test', ...ANYBODY, maxVersion: version } as const;
  const client: TLSSocket = connect({ ...at, session: number % 3 === 0 ? session : undefined });
  client.on('error', () => {});
  let kept: Buffer | undefined = undefined;
  client.on('session', (bytes) => (kept = bytes));
  const closed = once(raw, 'close').catch(() => {});
  const way = number % 6;
  if (way === 0) client.destroy();
  else {
    await Promise.race([once(client, 'secureConnect').catch(() => {}), closed]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (way === 1) client.end();
  else if (way === 2) client.destroy();
  else if (way > 2) {
    client.write(GET);
    await Promise.race([once(client, 'data').catch(() => {}), closed]);
    if (way === 3) client.end();
    else if (way === 4) client.destroy();
    else raw.resetAndDestroy();
  }
  client.resume();
  await closed;
  client.destroy();
  return kept;
}

for (const sockets of KINDS) {
  test(`${sockets}: bytes in and out are those of the wire, to the last close_notify`, async (t) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const backend = await startHttp(t, (req, res) => req.pipe(res));
      const { relay, ledger } = await startSecure(t, sockets, backend.port);
      let session: Buffer | undefined = undefined;
      for (let number = 0; number < 6; number += 1) {
        const bounds = { minVersion: version, maxVersion: version };
        const client: TLSSocket = await secureClient(relay.port, { ...bounds, session });
        client.on('session', (bytes) => (session = bytes));
        const body = patterned(number * 50_000, number);
        client.write(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`);
        client.write(body);
        const whole = wholeOf(client);
        client.end();
        assert.ok((await whole).length > body.length);
        await relay.ended(number + 1);
        await ledger.settled();
        const sum = (key: 'bytesIn' | 'bytesOut'): number =>
          ledger.closes.reduce((total, event) => total + event[key], 0);
        assert.deepEqual([sum('bytesIn'), sum('bytesOut')], [relay.sent, relay.received]);
        client.destroy();
      }
      assert.deepEqual(new Set(relay.ends), new Set(['notified']));
    }
  });

  test(`${sockets}: nothing is held after many connections`, { skip: NO_PROC, timeout: 600_000 }, async (t) => {
    const { port, held } = await startChild(t, [sockets], []);
    const visits = async (count: number): Promise<void> => {
      let number = 0;
      let session: Buffer | undefined = undefined;
      const one = async (): Promise<void> => {
        while (number < count) {
          number += 1;
          session = (await visit(port, number, session)) ?? session;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, one));
    };
    await visits(300);
    const before = await held();
    await visits(CONNECTIONS);
    const after = await held();
    t.diagnostic(JSON.stringify({ before, after }));
    assert.equal(after.opened, after.closed + after.active);
    assert.ok(after.opened > before.opened);
    // Pooled connections to the target may be more or fewer.
    const pooled = (shot: IHeld): number => shot.descriptors - (shot.resources['TCPSocketWrap'] ?? 0);
    assert.equal(pooled(after), pooled(before), 'descriptors');
    assert.equal(after.resources['TLSWrap'], undefined);
    const growth = after.bytes - before.bytes;
    assert.ok(growth < GROWTH_BYTES, `grew by ${growth} bytes`);
  });

  const stresses = [
    ['--stress-compaction', '--gc-interval=500'],
    ['--gc-interval=50', '--stress-scavenge=50'],
  ];
  for (const flags of stresses) {
    test(`${sockets}: traffic under ${flags.join(' ')}`, { timeout: 60_000 }, async (t) => {
      const { port, held } = await startChild(t, [sockets, 'collects'], flags);
      const body = patterned(300_000, 3);
      let number = 0;
      const one = async (): Promise<void> => {
        while (number < 60) {
          number += 1;
          if (number % 2 === 0) {
            await visit(port, number / 2, undefined);
            continue;
          }
          const client = await secureClient(port, ANYBODY);
          const whole = wholeOf(client);
          client.write(
            `POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
          );
          client.write(body);
          const got = await whole;
          client.destroy();
          const text = got.toString('latin1');
          assert.match(text, /^HTTP\/1\.1 200 OK/);
          assert.equal(sha256(unchunked(got)), sha256(body));
        }
      };
      await Promise.all(Array.from({ length: 6 }, one));
      const { opened, closed, active } = await held();
      assert.deepEqual([closed, active], [opened, 0]);
    });
  }
}

/** The body of a response in chunks (RFC 9112 §7.1). */
function unchunked(response: Buffer): Buffer {
  let at = response.indexOf('\r\n\r\n') + 4;
  const parts: Buffer[] = [];
  for (;;) {
    const end = response.indexOf('\r\n', at);
    const length = Number.parseInt(response.toString('latin1', at, end), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(response.subarray(end + 2, end + 2 + length));
    at = end + 4 + length;
  }
}
