import { tap, expect } from '@git.zone/tstest/tapbundle';
import { EventEmitter } from 'node:events';

tap.test('a connection is counted once when it is made and once when it ends', async () => {
  const found = await import('../ts/proxies/smart-proxy/connection-stats.js').catch(() => undefined);
  expect(found !== undefined).toEqual(true);
  const emitter = new EventEmitter();
  const events = [];
  for (const name of ['connection-open', 'connection-close']) emitter.on(name, (event) => events.push([name, event]));
  const stats = new found.ConnectionStats(emitter);
  const record = {
    id: 'a',
    remoteIP: '192.0.2.1',
    localPort: 443,
    bytesReceived: 3,
    bytesSent: 4,
    incomingStartTime: Date.now(),
  };
  stats.opened(record);
  stats.opened(record);
  expect([...stats.getConnectionsByIP()]).toEqual([['192.0.2.1', 1]]);
  expect([...stats.getConnectionsByRoute()]).toEqual([['(none)', 1]]);
  const routed = Object.assign(record, { routeConfig: { name: 'web' } });
  expect([...stats.getConnectionsByRoute()]).toEqual([['web', 1]]);
  stats.closed(routed, 'normal');
  stats.closed(routed, 'again');
  expect(stats.getTotals()).toEqual({ connections: 1, active: 0, closed: 1, bytesIn: 3, bytesOut: 4 });
  expect([...stats.getTerminationReasons()]).toEqual([['normal', 1]]);
  expect([...stats.getClosedByRoute()]).toEqual([['web', 1]]);
  expect(events.map(([name]) => name)).toEqual(['connection-open', 'connection-close']);
  expect([events[1][1].bytesTransferred, Object.isFrozen(events[1][1])]).toEqual([7, true]);
});

export default tap.start();
