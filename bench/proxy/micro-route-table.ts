// What a route look-up costs with 10, 100, 1,000 and 10,000 routes. Run it alone:
//   node --expose-gc --conditions=dcrouter-source bench/proxy/micro-route-table.ts
// CPU time per look-up (median of interleaved rounds), and bytes allocated per look-up. Exits with 1 when the cost with
// 10,000 routes is more than three times that with 10: the tables then no longer fit the cache, which shows, but nothing
// may be searched, which would cost a thousand times as much.
import { RouteTable, type IRouteConfig } from '@dcrouter/smartproxy';

const SIZES = [10, 100, 1_000, 10_000];
const ROUNDS = 7;
const LOOKUPS = 300_000;
const RATIO_MAX = 3;

interface IAsk {
  readonly host: string;
  readonly path: string;
}

interface IScene {
  readonly name: string;
  route(i: number): IRouteConfig['match'];
  ask(i: number): IAsk;
}

const SCENES: readonly IScene[] = [
  {
    name: 'exact names',
    route: (i) => ({ ports: 80, domains: `app-${i}.example.com` }),
    ask: (i) => ({ host: `app-${i}.example.com`, path: '/index.html' }),
  },
  {
    name: '*.name suffixes',
    route: (i) => ({ ports: 80, domains: `*.tenant-${i}.example.com` }),
    ask: (i) => ({ host: `www.tenant-${i}.example.com`, path: '/index.html' }),
  },
  {
    name: 'prefixes name.*',
    route: (i) => ({ ports: 80, domains: `app-${i}.*` }),
    ask: (i) => ({ host: `app-${i}.example.com`, path: '/index.html' }),
  },
  {
    name: 'one name, many paths',
    route: (i) => ({ ports: 80, domains: 'api.example.com', path: `/service-${i}/*` }),
    ask: (i) => ({ host: 'api.example.com', path: `/service-${i}/items/7` }),
  },
  {
    name: 'no route (miss)',
    route: (i) => ({ ports: 80, domains: `app-${i}.example.com` }),
    ask: (i) => ({ host: `none-${i}.example.net`, path: '/index.html' }),
  },
];

const noHeader = () => undefined;

function lookUp(table: RouteTable, asks: readonly IAsk[], count: number): number {
  let found = 0;
  const mask = asks.length - 1;
  for (let i = 0; i < count; i += 1) {
    const ask = asks[i & mask]!;
    if (table.matchRequest(80, '127.0.0.1', false, ask.host, ask.path, 'GET', noHeader) !== null) found += 1;
  }
  return found;
}

function measure(table: RouteTable, asks: readonly IAsk[]): { nanoseconds: number; bytes: number } {
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const cpu = process.cpuUsage();
  lookUp(table, asks, LOOKUPS);
  const { user, system } = process.cpuUsage(cpu);
  const grown = process.memoryUsage().heapUsed - heap;
  return { nanoseconds: ((user + system) * 1_000) / LOOKUPS, bytes: Math.max(0, grown) / LOOKUPS };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

let failed = false;
for (const scene of SCENES) {
  const tables = SIZES.map((size) => {
    const routes = Array.from({ length: size }, (_, i): IRouteConfig => ({
      name: `r${i}`,
      match: scene.route(i),
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] },
    }));
    // As many different questions for each size, spread over all its routes, so that only the table differs.
    const asks = Array.from({ length: 1_024 }, (_, i) => scene.ask(Math.floor((i * size) / 1_024)));
    const before = performance.now();
    const table = RouteTable.compile(routes);
    const compileMs = performance.now() - before;
    lookUp(table, asks, LOOKUPS);
    return { size, table, asks, compileMs, times: [] as number[], bytes: [] as number[] };
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const entry of tables) {
      const { nanoseconds, bytes } = measure(entry.table, entry.asks);
      entry.times.push(nanoseconds);
      entry.bytes.push(bytes);
    }
  }
  const medians = tables.map((entry) => median(entry.times));
  const ratio = medians.at(-1)! / medians[0]!;
  failed ||= ratio > RATIO_MAX;
  const cells = tables.map((entry, i) => `${entry.size}: ${medians[i]!.toFixed(0)} ns`).join('  ');
  const bytes = Math.max(...tables.map((entry) => median(entry.bytes))).toFixed(2);
  const compile = tables.at(-1)!.compileMs.toFixed(0);
  console.log(
    `${scene.name.padEnd(22)} ${cells}  ratio ${ratio.toFixed(2)}  ${bytes} B/look-up  compile ${compile} ms`,
  );
}
process.exitCode = failed ? 1 : 0;
