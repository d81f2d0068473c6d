import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { withoutIpv6 } from '../../../test/helpers/ipv6.ts';
import { activatedSockets } from '../../ts/process/activation.ts';
import { boundSockets } from '../../ts/process/bound.ts';
import { InheritedSockets } from '../../ts/process/sockets.ts';
import { freePorts, nodeArgs, records, routeOn, startProgram, writeConfig } from './program.ts';

const skip = process.platform === 'linux' ? false : 'sockets are looked up in /proc';
const fdOf = (server: Server): number => (server as unknown as { _handle: { fd: number } })._handle.fd;

test('the variables are read once, for this process only', () => {
  const announced = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'api:' };
  const env: NodeJS.ProcessEnv = { ...announced, OTHER: 'stays' };
  const names = activatedSockets(env, 7).map(({ fd, name }) => [fd, name]);
  assert.deepEqual(names, [
    [3, 'api'],
    [4, 'unknown'],
  ]);
  assert.deepEqual(env, { OTHER: 'stays' });
  for (const [more, pid] of [
    [{}, 8],
    [{ LISTEN_FDS: 'x' }, 7],
    [{ LISTEN_FDS: '-1' }, 7],
    [{ LISTEN_FDS: undefined }, 7],
  ] as const) {
    assert.deepEqual(activatedSockets({ ...announced, ...more }, pid), []);
  }
});

test('where a socket is bound is read without touching it', { skip: skip || withoutIpv6 }, async (t) => {
  const four = createServer().listen(0, '127.0.0.1');
  const six = createServer().listen(0, '::1');
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await Promise.all([four, six, udp].map((socket) => once(socket, 'listening')));
  t.after(() => {
    for (const socket of [four, six, udp]) socket.close();
  });
  const found = boundSockets([fdOf(four), fdOf(six), 0, 99_999]);
  const { port: port4 } = four.address() as { port: number };
  const { port: port6 } = six.address() as { port: number };
  assert.deepEqual(Object.fromEntries(found), {
    [fdOf(four)]: { protocol: 'tcp', address: '127.0.0.1', port: port4 },
    [fdOf(six)]: { protocol: 'tcp', address: '::1', port: port6 },
  });
});

test('a socket goes to the listener that it is bound for; a name that lies is not believed', () => {
  const tcp = { protocol: 'tcp', address: '::', port: 443 } as const;
  const sockets = new InheritedSockets([
    { fd: 100, name: 'dcrouter.socket', ...tcp },
    { fd: 101, name: 'dns-udp', protocol: 'udp', address: '127.0.0.1', port: 53 },
    { fd: 102, name: 'api' },
  ]);
  const take = (name: string, protocol: 'tcp' | 'udp', address: string | undefined, port: number) =>
    sockets.take({ name, protocol, address, port });
  assert.equal(take('proxy-444', 'tcp', undefined, 444), undefined);
  assert.equal(take('proxy-443', 'udp', undefined, 443), undefined);
  assert.equal(take('proxy-443', 'tcp', '192.0.2.1', 443), undefined);
  assert.equal(take('dns-udp', 'udp', '127.0.0.2', 53), undefined);
  assert.equal(take('proxy-443', 'tcp', '0.0.0.0', 443), 100);
  assert.equal(take('proxy-443', 'tcp', undefined, 443), undefined, 'a socket is taken once');
  assert.equal(take('dns-udp', 'udp', '127.0.0.1', 53), 101);
  assert.equal(take('proxy-1', 'tcp', undefined, 1), undefined);
  assert.equal(take('api', 'tcp', '127.0.0.1', 9090), 102, 'what is bound nowhere we can see goes by its name');
});

test(
  'a router that systemd starts uses its sockets, binds the missing ones and closes what nobody wants',
  {
    skip,
  },
  async (t) => {
    const [http, second, dns, api, stray] = (await freePorts(5)) as [number, number, number, number, number];
    const file = writeConfig(t, {
      api: { port: api },
      process: { allowRoot: true },
      proxy: { address: '127.0.0.1', routes: [routeOn([http, second])] },
      dns: { address: '127.0.0.1', port: dns, zones: { 'example.test': { records } } },
    });
    const servers = [http, stray, dns].map((port) => createServer().listen(port, '127.0.0.1'));
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const activate = 'LISTEN_PID=$$ LISTEN_FDS=3 LISTEN_FDNAMES=web:web:web exec "$0" "$@"';
    const args = ['-c', activate, process.execPath, ...nodeArgs, file];
    const program = startProgram(t, 'sh', args, { fds: servers.map(fdOf) });
    for (const server of servers) server.close();
    await program.saw(/^SERVES .*\n/m);
    await program.saw(/"msg":"listening"/);
    await program.saw(
      new RegExp(`no listener is configured for the inherited socket 'web' \\(tcp 127.0.0.1 port ${stray}\\)`),
    );
    assert.doesNotMatch(program.output(), /SERVES .*LISTEN_/);
    for (const port of [http, second]) assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 502);
    assert.equal((await fetch(`http://127.0.0.1:${api}/readyz`)).status, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${stray}/`));
    program.kill('SIGTERM');
    assert.equal(await program.ended, 0);
  },
);

const tool = 'systemd-socket-activate';
const hasTool = spawnSync(tool, ['--version']).error === undefined;

test('systemd-socket-activate, the real launcher', { skip: hasTool ? skip : `there is no ${tool} here` }, async (t) => {
  const [http, api] = (await freePorts(2)) as [number, number];
  const file = writeConfig(t, {
    api: { port: api },
    process: { allowRoot: true },
    proxy: { address: '127.0.0.1', routes: [routeOn(http)] },
  });
  const named = ['-l', `127.0.0.1:${http}`, `--fdname=proxy-${http}`];
  // It starts the program with the first connection, and passes no variables of its own choice.
  const kept = ['--setenv=PATH'];
  const program = startProgram(t, tool, [...named, ...kept, process.execPath, ...nodeArgs, file]);
  await program.saw(/Listening on/);
  assert.equal((await fetch(`http://127.0.0.1:${http}/`)).status, 502, 'the connection that waited is served');
  assert.equal((await fetch(`http://127.0.0.1:${api}/livez`)).status, 200);
  program.kill('SIGTERM');
  assert.equal(await program.ended, 0);
});
