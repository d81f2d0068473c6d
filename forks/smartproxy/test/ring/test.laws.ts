// Two thousand connections through a proxy in the ring, of which both ends kill some: every law holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNROUTED } from '@dcrouter/smartproxy';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { holdRing } from '../sockets/owner.ts';
import { nextTurn } from './echo.ts';
import { Seat, Seen, answer } from './traffic.ts';
import { emptied } from './turn.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const SEATS = 2_000;
const REQUESTS = 5;

for (const drains of [false, true]) {
  test(`kills of all kinds and new routes${drains ? ', and a stop in the midst of it' : ''}`, { skip }, async (t) => {
    const ring = holdRing(t);
    const targets = await Promise.all([startHttp(t, answer), startHttp(t, answer)]);
    const routes = (turn: number) => [
      forwardTo(targets[turn % 2]!.port, { headers: { response: { 'X-Turn': String(turn) } } }),
    ];
    const { proxy, port, ledger } = await startProxy(t, routes(0), { sockets: 'ring' });
    const seen = new Seen(SEATS);
    let crowd = 0;
    const seats = Array.from({ length: SEATS }, (_, at) => new Seat(at + 1, port(8080), seen));
    const traffic = Promise.all(seats.map((seat) => seat.sit(REQUESTS)));
    const state = { runs: true };
    void traffic.then(() => (state.runs = false));
    const enough = drains ? (SEATS * REQUESTS) / 2 : Infinity;
    for (let turn = 1; state.runs && seen.answers.size < enough; turn += 1) {
      await proxy.updateRoutes(routes(turn));
      const goal = seen.answers.size + 300;
      while (state.runs && seen.answers.size < goal) {
        crowd = Math.max(crowd, ring.users);
        await nextTurn();
      }
    }
    if (drains) {
      seen.stopping = true;
      await proxy.stop({ drainTimeout: 10_000 });
    }
    await traffic;
    await ledger.settled();
    assert.deepEqual(seen.wrong, []);
    for (const [id, count] of seen.answers) assert.equal(count, 1, `${id} is answered once`);
    assert.ok(crowd > SEATS / 4, `${crowd} sockets were in the ring at once`);
    const { killed, refused, clean } = seen;
    assert.ok(killed > 100 && refused > 0 && clean.length > 100, `${killed}, ${refused}, ${clean.length}`);
    // Each connection that ended in order has the bytes that its client counted.
    const byPort = new Map<number, string[]>();
    for (const { clientPort, connectionId } of ledger.opens) {
      byPort.set(clientPort, [...(byPort.get(clientPort) ?? []), connectionId]);
    }
    const closes = new Map(ledger.closes.map((event) => [event.connectionId, event]));
    let compared = 0;
    for (const { port: clientPort, sent, got } of seen.clean) {
      const [connectionId, ...more] = byPort.get(clientPort)!;
      if (more.length > 0) continue;
      const { bytesIn, bytesOut } = closes.get(connectionId!)!;
      assert.deepEqual([bytesIn, bytesOut], [sent, got]);
      compared += 1;
    }
    assert.ok(compared > 100);
    const totals = proxy.stats.getTotals();
    const [web] = proxy.stats.getRouteStats('web');
    assert.ok(web!.statusClasses['2xx'] >= seen.answers.size);
    assert.equal(totals.connections, ledger.opens.length + totals.rejected + unrouted());
    t.diagnostic(
      `${ledger.opens.length} connections, ${seen.answers.size} answers, ${seen.killed} kills, ${crowd} in the ring`,
    );
    if (!drains) await proxy.stop({ drainTimeout: 0 });
    await emptied(ring);

    function unrouted(): number {
      return proxy.stats.snapshot().routes.find((route) => route.routeName === UNROUTED)?.total ?? 0;
    }
  });
}
