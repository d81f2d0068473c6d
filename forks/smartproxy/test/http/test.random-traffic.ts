// Seeded random traffic through every way that HTTP has: each request gets its own answer, whole and in order, and is counted
// once. TRAFFIC_SEED gives other traffic, TRAFFIC_ROUNDS more of it.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { moves } from '../../ts/ring/moves.ts';
import { startProxy } from '../helpers/proxy.ts';
import { ringMissing } from '../ring/ring.ts';
import { Client, makeConversation, type IConversation, type IOutcome } from './traffic/clients.ts';
import { makeRoutes, openSocket, startTarget, ways, type IWay } from './traffic/ways.ts';

const SEED = Number(process.env['TRAFFIC_SEED'] ?? 20_261_127);
const ROUNDS = Number(process.env['TRAFFIC_ROUNDS'] ?? 1);
const ROUND_MS = 60_000;
/** Seeds of a conversation are these apart, as it uses some itself. */
const STRIDE = 10;
/** TLS records that end a connection. */
const CLOSING_BYTES_MAX = 64;
const KINDS = ['auto', 'net', 'ring'] as const;
const noRing = ringMissing();

/** Says where everybody stands when it takes too long. */
class Watch {
  readonly #clients = new Map<Client, string>();
  #failed = false;

  constructor(t: TestContext) {
    t.signal.addEventListener('abort', () => {
      if (this.#failed) return;
      for (const [client, name] of this.#clients) t.diagnostic(`${name} waits for ${client.standing}`);
    });
  }

  async converse(client: Client, name: string): Promise<IOutcome> {
    this.#clients.set(client, name);
    try {
      return await client.converse();
    } catch (error) {
      this.#failed = true;
      throw new Error(`TRAFFIC_SEED=${SEED}, ${name}, ${client.standing}: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      this.#clients.delete(client);
    }
  }
}

/** How often there is each status. */
function counted(statuses: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

async function run(t: TestContext, way: IWay, at: number, sockets: (typeof KINDS)[number]): Promise<void> {
  const target = await startTarget(t, way);
  const { port, proxy, ledger } = await startProxy(t, await makeRoutes(way, target), { sockets });
  const watch = new Watch(t);
  const talks: IConversation[] = [];
  const outcomes: IOutcome[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed =
      ((((SEED * 1_000 + round) * ways.length + at) * KINDS.length + KINDS.indexOf(sockets)) * 100) % 2 ** 31;
    const meet = async (n: number): Promise<void> => {
      const talk = makeConversation((seed + n) * STRIDE, way.faults ?? 0);
      const { socket, wire } = await openSocket(way, port(8080));
      const client = new Client(socket, wire, talk);
      talks.push(talk);
      outcomes.push(await watch.converse(client, `round ${round}, client ${n}`));
    };
    await Promise.all(Array.from({ length: way.clients }, async (_, n) => await meet(n)));
  }
  await ledger.assertLaws();
  const { requests, errors, bytesIn, bytesOut } = proxy.stats.getTotals();
  const told = counted(outcomes.flatMap(({ statuses }) => statuses));
  const inLedger = counted(ledger.requests.map(({ statusCode }) => statusCode));
  if (way.faults === undefined) {
    const wanted = counted(talks.flatMap(({ asked }) => asked.map(({ status }) => status)));
    assert.deepEqual(told, wanted);
    assert.deepEqual(inLedger, wanted);
    assert.equal(errors, 0);
    const sent = outcomes.reduce((total, outcome) => total + outcome.bytesSent, 0);
    const received = outcomes.reduce((total, outcome) => total + outcome.bytesReceived, 0);
    // A close_notify may go to somebody who has left.
    const slack = way.isTls === true ? CLOSING_BYTES_MAX * talks.length : 0;
    assert.ok(bytesIn <= sent && bytesIn >= sent - slack, `${bytesIn} bytes in, but clients sent ${sent}`);
    assert.ok(bytesOut >= received && bytesOut <= received + slack, `${bytesOut} bytes out, clients got ${received}`);
  } else {
    for (const [status, count] of told) assert.ok((inLedger.get(status) ?? 0) >= count, `status ${status}`);
    assert.ok((told.get(200) ?? 0) > 0 && requests >= outcomes.flatMap(({ statuses }) => statuses).length);
  }
  if (way.connectionsMax !== undefined) {
    const waited = proxy.stats.getUpstreamStats().reduce((total, { queued }) => total + queued, 0);
    assert.ok(waited > 0, 'somebody had to wait');
  }
}

for (const sockets of KINDS) {
  for (const [at, way] of ways.entries()) {
    const name = `random traffic, ${way.name}, sockets: ${sockets}, TRAFFIC_SEED=${SEED}`;
    const skip = sockets === 'ring' && noRing;
    test(name, { timeout: ROUND_MS * ROUNDS, skip }, async (t) => {
      // Into the ring from the second read on: busy sockets move there by themselves, but later.
      const before = { ...moves };
      t.after(() => Object.assign(moves, before));
      if (sockets === 'ring') Object.assign(moves, { reads: 1, readsAgain: 1 });
      await run(t, way, at, sockets);
    });
  }
}
