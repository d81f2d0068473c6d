// What a worker said before it died may be read after the news of its death: it is counted, and then closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Member } from '#proxy/cluster/member';
import { EventGate } from '#proxy/stats/eventgate';
import { Recorder } from '#proxy/stats/recorder';
import { SmartProxy } from '@dcrouter/smartproxy';

test('a report that comes behind the end leaves nothing open', async () => {
  const recorder = new Recorder(new Set());
  const gate = new EventGate(new SmartProxy({ routes: [] }));
  const member = new Member(recorder, gate, { takeShares: () => {}, takeSlots: () => {} });
  const { worker } = member;
  const ended = Promise.all(
    ['exit', 'disconnect'].map((name) => new Promise<void>((resolve) => worker.process.once(name, () => resolve()))),
  );
  worker.emit('exit', null, 'SIGKILL');
  assert.equal(member.isGone, false);
  const nothing = {
    routes: [],
    upstreams: [],
    terminations: [],
    rejects: [],
    types: [],
    ring: [],
    ended: [null, null, null],
    topClients: [],
    events: [],
  };
  const tls = { handshakes: 0, resumptions: 0, failures: [], versions: [], alpn: [] };
  const report = {
    ...nothing,
    totals: [2, 2, 0, 0, 0, 0],
    addresses: [['10.0.0.1', 2]],
    addressBytes: [],
    progress: [],
    tls,
  };
  worker.emit('message', { proxy: 'report', report });
  assert.equal(recorder.active, 2);
  worker.emit('disconnect');
  await member.gone;
  assert.equal(recorder.active, 0);
  assert.equal(recorder.connections, 2);
  assert.deepEqual([...recorder.terminations.counts], [['worker-died', 2]]);
  assert.deepEqual([...recorder.byIp], []);
  member.kill();
  await ended;
});
