// The keys of session tickets are replaced in time, here and in worker processes, and no session is lost to it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { connect, TLSSocket, type SecureVersion } from 'node:tls';
import { RouteContexts } from '#proxy/tls/contexts';
import { TicketKeys, TicketRotation } from '#proxy/tls/ticketkeys';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const HOUR_MS = 3_600_000;
/** The first bytes of a ticket name its key. */
const KEY_NAME_BYTES = 16;
const certificate = selfSignedCertificate(['a.test']);

interface IHandshake {
  readonly reused: boolean;
  readonly session: Buffer;
  /** Name of the key that sealed the newest ticket. */
  readonly keyName: string;
}

/** A connection with one request, and the ticket that it was given last. */
async function handshake(port: number, session?: Buffer, version: SecureVersion = 'TLSv1.3'): Promise<IHandshake> {
  const versions = { minVersion: version, maxVersion: version };
  const socket = connect({ port, servername: 'a.test', rejectUnauthorized: false, session, ...versions });
  socket.on('error', () => {});
  let ticket = session;
  socket.on('session', (next) => (ticket = next));
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  socket.resume();
  await once(socket, 'end');
  const keyName = socket.getTLSTicket()!.subarray(0, KEY_NAME_BYTES).toString('hex');
  // Of TLS 1.2 Node's event tells the first ticket only, and of 1.3 the socket knows none.
  if (version === 'TLSv1.2') ticket = socket.getSession();
  socket.destroy();
  return { reused, session: ticket!, keyName };
}

/** A route that terminates TLS, in front of a backend. */
async function secureRoute(t: TestContext): Promise<IRouteConfig> {
  const backend = await startHttp(t, (_request, response) => response.end('ok'));
  const web = forwardTo(backend.port);
  const { key, cert } = certificate;
  return { ...web, action: { ...web.action, tls: { mode: 'terminate', certificate: { key, cert } } } };
}

test('keys are due after the hours that the option says, and never with 0', () => {
  let rotated = 0;
  const rotation = new TicketRotation(2, () => (rotated += 1), 1_000);
  rotation.tick(1_000 + 2 * HOUR_MS - 1);
  assert.equal(rotated, 0);
  rotation.tick(1_000 + 2 * HOUR_MS);
  rotation.tick(1_000 + 2 * HOUR_MS + 1);
  assert.equal(rotated, 1);
  rotation.tick(1_000 + 4 * HOUR_MS);
  assert.equal(rotated, 2);
  const never = new TicketRotation(0, () => assert.fail('rotated'));
  never.tick(1);
  never.tick(Number.MAX_SAFE_INTEGER);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: tickets of the key before and of the next one are opened, older ones not`, async (t) => {
    const keys = new TicketKeys();
    const contexts = new RouteContexts({ key: certificate.key, cert: certificate.cert }, keys);
    let resumes = false;
    const server = createServer((raw) => {
      const socket = new TLSSocket(raw, { isServer: true, secureContext: contexts.for(resumes) });
      socket.on('error', () => {});
      socket.once('data', () => socket.end('x'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const shake = async (session?: Buffer): Promise<IHandshake> => {
      resumes = session !== undefined;
      return await handshake(port, session, version);
    };
    const first = await shake();
    assert.equal((await shake(first.session)).reused, true);
    const before = keys.all;
    keys.rotate();
    const second = await shake(first.session);
    assert.equal(second.reused, true);
    assert.notEqual(second.keyName, first.keyName, 'a ticket of the key before is replaced');
    // A client without a ticket gets one that OpenSSL seals, with the same key.
    assert.equal((await shake()).keyName, second.keyName);
    keys.rotate();
    assert.equal((await shake(first.session)).reused, false);
    assert.equal((await shake(second.session)).reused, true);
    // Another process that has not heard of the change yet.
    keys.adopt(before);
    assert.equal((await shake(first.session)).reused, true);
    assert.equal((await shake(second.session)).reused, true);
    const forged = Buffer.from(first.session);
    // Inside the ticket, behind the key's name, which is sealed.
    forged[forged.indexOf(Buffer.from(first.keyName, 'hex')) + 2 * KEY_NAME_BYTES + 1]! ^= 1;
    assert.equal((await shake(forged)).reused, false);
  });
}

// The primary's clock jumps; the workers', and with them all connections, do not notice.
test('keys are replaced after a day in all workers, which go on with the sessions of the day before', async (t) => {
  const now = performance.now.bind(performance);
  let jumpMs = 0;
  t.mock.method(performance, 'now', () => now() + jumpMs);
  const { port } = await startProxy(t, [await secureRoute(t)], { workers: 2 });
  const many = async (session?: Buffer): Promise<IHandshake[]> =>
    await Promise.all(Array.from({ length: 8 }, async () => await handshake(port(8080), session)));
  const first = await handshake(port(8080));
  const resumes = (answers: IHandshake[]): boolean => answers.every(({ reused }) => reused);
  assert.ok(resumes(await many(first.session)));
  // While the change makes its way to one worker after the other, every handshake resumes.
  const nextDay = async ({ session, keyName }: IHandshake): Promise<IHandshake> => {
    jumpMs += 25 * HOUR_MS;
    for (;;) {
      const answers = await many(session);
      assert.ok(resumes(answers));
      if (answers.every((answer) => answer.keyName !== keyName)) return answers[0]!;
    }
  };
  const second = await nextDay(first);
  assert.ok(resumes(await many(first.session)));
  const third = await nextDay(second);
  assert.ok(!(await many(first.session)).some(({ reused }) => reused));
  assert.ok(resumes(await many(second.session)));
  assert.ok(resumes(await many(third.session)));
});

const OPENSSL = '/usr/bin/openssl';

test(
  'openssl resumes its session in another worker',
  { skip: existsSync(OPENSSL) ? false : 'needs openssl' },
  async (t) => {
    const { port } = await startProxy(t, [await secureRoute(t)], { workers: 2 });
    const folder = await mkdtemp(join(tmpdir(), 'tickets-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'session.pem');
    const visit = async (...more: string[]): Promise<string> => {
      const args = ['s_client', '-connect', `127.0.0.1:${port(8080)}`, '-servername', 'a.test', '-ign_eof', ...more];
      const child = execFile(OPENSSL, args);
      let text = '';
      child.stdout!.on('data', (piece: string) => (text += piece));
      child.stdin!.end('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
      await once(child, 'close');
      return text;
    };
    assert.match(await visit('-sess_out', file), /^New, TLSv1\.3/m);
    assert.match(await readFile(file, 'utf8'), /BEGIN SSL SESSION/);
    const shown = await promisify(execFile)(OPENSSL, ['sess_id', '-in', file, '-noout', '-text']);
    assert.match(shown.stdout, /ticket lifetime hint: 86400 /);
    for (let turn = 0; turn < 6; turn += 1) assert.match(await visit('-sess_in', file), /^Reused, TLSv1\.3/m);
  },
);
