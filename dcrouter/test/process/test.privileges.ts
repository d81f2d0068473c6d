import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { descriptorsFor, openFilesMax } from '../../ts/process/descriptors.ts';
import { becomeUser, setprivArguments } from '../../ts/process/privileges.ts';
import { freePorts, nodeArgs, records, routeOn, startProgram, writeConfig } from './program.ts';

const nobody = 65_534;

/** Why this machine cannot show it; false when it can. */
function cannotDrop(): string | false {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return 'only root on Linux can become another user';
  if (Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) < 1_024) {
    return 'every user may bind low ports here';
  }
  const args = [...setprivArguments(nobody, nobody), process.execPath, '-e', ''];
  const tried = spawnSync('setpriv', args, { cwd: import.meta.dirname });
  return tried.status === 0
    ? false
    : `setpriv and this Node do not run as nobody: ${String(tried.stderr ?? tried.error)}`;
}
const skip = cannotDrop();

/** A port below 1024 that was free a moment ago. */
async function lowPort(): Promise<number> {
  for (let port = 1_023; port > 0; port -= 1) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no low port is free');
}

test(
  'root becomes the configured user before anything is opened, keeps the process id, binds low ports, cannot go back',
  {
    skip,
  },
  async (t) => {
    const low = await lowPort();
    const [api] = (await freePorts(1)) as [number];
    const file = writeConfig(t, {
      api: { port: api },
      process: { user: 'nobody' },
      proxy: { address: '127.0.0.1', routes: [routeOn(low)] },
    });
    const program = startProgram(t, process.execPath, [...nodeArgs, file]);
    await program.saw(new RegExp(`^SERVES {"pid":${program.pid},"uid":${nobody},`, 'm'));
    const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
    assert.match(status, /^Gid:\t65534\t65534\t65534\t65534$/m);
    assert.match(status, /^CapEff:\t0000000000000400$/m, 'CAP_NET_BIND_SERVICE and nothing else');
    assert.match(status, /^CapBnd:\t0000000000000400$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^Umask:\t0077$/m);
    assert.doesNotMatch(program.output(), /runs as root/);
    assert.equal((await fetch(`http://127.0.0.1:${low}/`)).status, 502);
    // A successor is as unprivileged, and may bind low ports as well.
    program.kill('SIGUSR1');
    await program.saw(/(^SERVES [^]*){2}/m);
    await program.saw(/what was begun before the restart is finished/);
    assert.equal((await fetch(`http://127.0.0.1:${low}/`)).status, 502);
    program.kill('SIGTERM');
    assert.equal(await program.ended, 0);
  },
);

test('without root and capability a low port is refused with the way out', { skip }, async (t) => {
  const low = await lowPort();
  const [api] = (await freePorts(1)) as [number];
  const file = writeConfig(t, {
    api: { port: api },
    dns: { address: '127.0.0.1', port: low, zones: { 'example.test': { records } } },
  });
  const bare = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
  const program = startProgram(t, 'setpriv', [...bare, process.execPath, ...nodeArgs, file]);
  assert.equal(await program.ended, 1);
  assert.match(
    program.output(),
    /may not listen on 127\.0\.0\.1:\d+; choose a port above 1023 or grant CAP_NET_BIND_SERVICE/,
  );
});

test('serving as root is warned about, unless it is wanted', { skip }, async (t) => {
  for (const allowRoot of [false, true]) {
    const [api] = (await freePorts(1)) as [number];
    const program = startProgram(t, process.execPath, [
      ...nodeArgs,
      writeConfig(t, { api: { port: api }, process: { allowRoot } }),
    ]);
    await program.saw(/"msg":"listening"/);
    assert.equal(/the router runs as root; name an unprivileged process\.user/.test(program.output()), !allowRoot);
    program.kill('SIGTERM');
    assert.equal(await program.ended, 0);
  }
});

test('a user that cannot be become is named', () => {
  const root = process.geteuid?.() === 0;
  assert.throws(() => becomeUser({ user: 'no-such-user-here' }, []), {
    message: /there is no user 'no-such-user-here'/,
  });
  if (root) assert.throws(() => becomeUser({ user: 'root' }, []), { message: /which is root/ });
  else assert.throws(() => becomeUser({ user: 'root' }, []), { message: /only root can become another user/ });
  becomeUser({}, []);
});

test('the descriptor limit is read and compared', () => {
  assert.equal(
    openFilesMax('Limit  Soft Hard Units\nMax open files            1024                 524288               files\n'),
    1_024,
  );
  assert.equal(openFilesMax('Max open files            unlimited            unlimited            files\n'), Infinity);
  assert.equal(openFilesMax(''), undefined);
  assert.equal(descriptorsFor(1_000), 2_256);
});

test('too few descriptors are warned about with both numbers', { skip: process.platform !== 'linux' }, async (t) => {
  const [http, api] = (await freePorts(2)) as [number, number];
  const file = writeConfig(t, {
    api: { port: api },
    process: { allowRoot: true },
    proxy: { address: '127.0.0.1', routes: [routeOn(http)] },
  });
  const program = startProgram(t, 'sh', ['-c', 'ulimit -n 512; exec "$0" "$@"', process.execPath, ...nodeArgs, file]);
  await program.saw(/may need 20256 open files, this process may open 512; raise its limit/);
  await program.saw(/"msg":"listening"/);
  program.kill('SIGTERM');
  assert.equal(await program.ended, 0);
});
