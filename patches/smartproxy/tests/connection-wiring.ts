import { tap, expect } from '@git.zone/tstest/tapbundle';
import { EventEmitter } from 'node:events';

tap.test('the records that the manager makes and cleans up are counted', async () => {
  const found = await import('../ts/proxies/smart-proxy/observed-connections.js').catch(() => undefined);
  expect(found !== undefined).toEqual(true);
  const record = { id: 'a', remoteIP: '::1', localPort: 1, bytesReceived: 1, bytesSent: 2, incomingStartTime: 0 };
  const made = [record, null];
  const cleaned = [];
  const connectionManager = {
    createConnection: () => made.shift(),
    cleanupConnection: (each, reason) => cleaned.push([each.id, reason]),
  };
  const stats = found.observeConnections(Object.assign(new EventEmitter(), { connectionManager }));
  connectionManager.createConnection();
  connectionManager.createConnection();
  expect(stats.getTotalConnections()).toEqual(1);
  connectionManager.cleanupConnection(record, 'timeout');
  connectionManager.cleanupConnection(record, 'timeout');
  expect(stats.getActiveConnections()).toEqual(0);
  expect([...stats.getTerminationReasons()]).toEqual([['timeout', 1]]);
  expect(cleaned.length).toEqual(2);
});

export default tap.start();
