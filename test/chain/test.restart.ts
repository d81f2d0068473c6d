import type { IDnsSnapshot } from '@dcrouter/smartdns/server';
import type { IProxySnapshot } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startChild, type IChild } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';
import { sum } from '../laws/sum.ts';
import { downloadEnd, downloadStart, get, Load, startBackend, type IBackend } from './restart-load.ts';

const skip = process.platform === 'linux' ? false : 'descriptors and processes are read from /proc';

interface IEnd {
  readonly pid: number;
  readonly code: number;
  readonly sockets: number;
  readonly proxy: IProxySnapshot;
  readonly dns: IDnsSnapshot;
}

interface IScene {
  readonly child: IChild;
  readonly backend: IBackend;
  readonly http: number;
  readonly dns: number;
  readonly api: number;
  readonly configure: (process?: object) => void;
  readonly break: () => void;
  /** Sends the restart signal to the first process and waits until another one serves. */
  readonly restart: () => Promise<void>;
  /** What every process said in the end. */
  readonly ends: () => IEnd[];
  /** Process ids in the order of their service. */
  readonly pids: () => number[];
}

function said<T>(child: IChild, what: string): T[] {
  return child
    .output()
    .split('\n')
    .filter((line) => line.startsWith(`${what} `))
    .map((line) => JSON.parse(line.slice(what.length + 1)) as T);
}

async function scene(t: TestContext): Promise<IScene> {
  const backend = await startBackend(t);
  const [http, dns, api] = (await freePorts(3)) as [number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-restart-'));
  const file = join(folder, 'dcrouter.json');
  const configure = (settings: object = {}): void => {
    const target = { host: '127.0.0.1', port: backend.port };
    const records = [
      { name: '@', type: 'NS', data: 'ns1.example.test' },
      { name: 'ns1', type: 'A', data: '192.0.2.53' },
      { name: 'www', type: 'A', data: '192.0.2.1' },
    ];
    const config = {
      api: { port: api },
      logging: { access: false },
      process: { allowRoot: true, ...settings },
      store: { type: 'sqlite', path: join(folder, 'state', 'dcrouter.db') },
      proxy: {
        address: '127.0.0.1',
        routes: [
          { name: 'app', match: { ports: http, protocol: 'http' }, action: { type: 'forward', targets: [target] } },
        ],
      },
      dns: { address: '127.0.0.1', port: dns, zones: { 'example.test': { records } } },
    };
    writeFileSync(file, JSON.stringify(config));
  };
  configure();
  const child = startChild(process.execPath, [
    '--conditions=dcrouter-source',
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'restart-subject.ts'),
    file,
  ]);
  t.after(async () => {
    child.signalGroup('SIGKILL');
    await child.ended;
    rmSync(folder, { recursive: true });
  });
  await child.saw(/^SERVES /m);
  const pids = (): number[] => said<{ pid: number }>(child, 'SERVES').map(({ pid }) => pid);
  return {
    child,
    backend,
    http,
    dns,
    api,
    configure,
    break: () => writeFileSync(file, '{ "proxy": { "routes": 7 } }'),
    restart: async () => {
      const before = pids().length;
      child.process.kill('SIGUSR1');
      await child.saw(new RegExp(`(^SERVES [^]*){${before + 1}}`, 'm'));
    },
    ends: () => said<IEnd>(child, 'ENDS'),
    pids,
  };
}

function assertLaws({ proxy, dns }: IEnd): void {
  const { totals, routes } = proxy;
  assert.equal(proxy.activeConnections, 0);
  assert.equal(totals.connections, sum(Object.values(proxy.terminationReasons)), 'every connection ended once');
  assert.equal(sum(routes.map(({ total }) => total)), totals.connections);
  assert.equal(sum(routes.map(({ requests }) => requests)), totals.requests);
  assert.equal(totals.rejected, 0, 'nobody was turned away');
  assert.equal(dns.totals.received, dns.totals.answered + dns.totals.dropped);
  assert.equal(dns.totals.dropped, 0);
}

/** Whether a process holds any of the sockets that listen on a port. */
function listensOn(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = ['tcp', 'udp'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[1]?.endsWith(`:${hex}`) && ['0A', '07'].includes(columns[3]!))
      .map((columns) => `socket:[${columns[9]}]`),
  );
  assert.ok(inodes.length > 0, `nobody listens on ${port}`);
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return inodes.includes(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test(
  'three restarts under load: no request, query, download or WebSocket is lost, and nothing is left behind',
  {
    skip,
  },
  async (t) => {
    const { child, backend, http, dns, restart, ends, pids } = await scene(t);
    const load = new Load(http, dns);
    const download = get(http, '/slow', false);
    const socket = new WebSocket(`ws://127.0.0.1:${http}/echo`);
    await once(socket, 'open');
    const echoed = async (text: string): Promise<void> => {
      const answer = once(socket, 'message');
      socket.send(text);
      assert.equal(((await answer) as [MessageEvent])[0].data, text);
    };
    await echoed('before');
    await load.more(50);
    for (let round = 1; round <= 3; round += 1) {
      await restart();
      await echoed(`after restart ${round}`);
      await load.more(50);
    }
    const [first, second, third, fourth] = pids() as [number, number, number, number];
    assert.equal(first, child.process.pid, 'the first process is still there');
    socket.close();
    backend.finishDownloads();
    assert.equal(await download, downloadStart + downloadEnd);
    await child.saw(/(what was begun before the restart is finished[^]*){3}/);
    await load.more(50);
    assert.ok(!listensOn(first, http) && !listensOn(first, dns), 'the process that waits holds no listener');
    assert.ok(listensOn(fourth, http) && listensOn(fourth, dns));
    assert.ok(!isAlive(second) && !isAlive(third), 'those in between are gone');
    await load.stop();
    assert.deepEqual(load.failures, []);
    child.process.kill('SIGTERM');
    assert.equal(await child.ended, 0);
    assert.ok(!isAlive(fourth), 'no process is left');
    const all = ends();
    assert.deepEqual(new Set(all.map(({ pid }) => pid)), new Set([first, second, third, fourth]));
    assert.equal(all.length, 4);
    for (const end of all) assertLaws(end);
    assert.equal(all.find(({ pid }) => pid === first)!.sockets, 0, 'the first process has closed everything');
    const { keepAlive, fresh, dnsUdp, dnsTcp } = load.done;
    assert.equal(
      sum(all.map(({ proxy }) => proxy.totals.requests)),
      keepAlive + fresh + 2,
      'counted by one of them, once',
    );
    assert.equal(sum(all.map((end) => end.dns.totals.answered)), dnsUdp + dnsTcp);
    for (const { pid, dns: numbers } of all) assert.ok(numbers.totals.answered > 0, `${pid} answered queries`);
    t.diagnostic(JSON.stringify(load.done));
  },
);

test(
  'a successor that cannot serve leaves the old process serving, which says why; the next try works',
  {
    skip,
  },
  async (t) => {
    const { child, http, dns, configure, break: breakConfig, restart, pids } = await scene(t);
    const load = new Load(http, dns);
    breakConfig();
    child.process.kill('SIGUSR1');
    await child.saw(/no restart: the successor does not serve: .*proxy\.routes/);
    await load.more(20);
    configure({ readyTimeoutMs: 1 });
    await restart();
    await load.more(20);
    // The process that serves now gives its successors one millisecond.
    child.process.kill('SIGUSR1');
    await child.saw(/no restart: the successor does not serve: it was not ready after 1 ms/);
    await load.more(20);
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.equal(pids().length, 2);
    child.process.kill('SIGINT');
    assert.equal(await child.ended, 0);
  },
);

test(
  'a restart through the API is answered, and the store goes with it and comes back when the successor fails',
  { skip },
  async (t) => {
    const { child, api, break: breakConfig, configure, pids } = await scene(t);
    const ask = async (method: string, path: string, body?: object): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${api}/api/v1${path}`, {
        method,
        headers: { 'content-type': 'application/json', 'connection': 'close' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return [response.status, await response.text()];
    };
    const record = (text: string) => ask('PUT', '/zones/example.test/records/note/TXT', { ttl: 60, data: [text] });
    breakConfig();
    const [refused, why] = await ask('POST', '/restart');
    assert.equal(refused, 502, why);
    assert.match(why, /"code":"DCR_API_RESTART".*proxy\.routes/s);
    assert.deepEqual((await record('kept by the first'))[0], 200);
    configure();
    assert.deepEqual(await ask('POST', '/restart'), [200, '{"restarted":true}']);
    await child.saw(/what was begun before the restart is finished/);
    assert.equal(pids().length, 2);
    const [, records] = await ask('GET', '/zones/example.test/records');
    assert.match(records, /kept by the first/);
    assert.deepEqual((await record('changed by the second'))[0], 200);
    const [, audit] = await ask('GET', '/audit');
    const { items } = JSON.parse(audit) as { items: Array<{ action: string; outcome: string }> };
    const restarts = items.filter(({ action }) => action === 'process.restart').map(({ outcome }) => outcome);
    assert.deepEqual(restarts, ['done', 'failed', 'done']);
    child.process.kill('SIGTERM');
    assert.equal(await child.ended, 0);
  },
);

test('the end of the process that serves is the end of the first one, with its exit code', { skip }, async (t) => {
  const { child, restart, pids } = await scene(t);
  await restart();
  await child.saw(/what was begun before the restart is finished/);
  process.kill(pids()[1]!, 'SIGKILL');
  assert.equal(await child.ended, 128 + 9);
});

test('when the first process is killed, its successor ends in order', { skip }, async (t) => {
  const { child, restart, ends, pids } = await scene(t);
  await restart();
  await child.saw(/what was begun before the restart is finished/);
  child.process.kill('SIGKILL');
  // Its output stays open until the last process has ended.
  await child.ended;
  assert.deepEqual(
    ends().map(({ pid, code }) => [pid, code]),
    [[pids()[1], 0]],
  );
});
