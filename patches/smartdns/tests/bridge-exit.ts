import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

tap.test('the exit of the binary is told, and the server can be started again', async () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  let spawns = 0;
  server['bridge'].spawn = async () => {
    spawns++;
    return true;
  };
  server['bridge'].startServer = async () => {};
  const exits = [];
  server.on('bridge-exit', (event) => exits.push(event));
  await server.start();
  // What the bridge package emits when the child process closes.
  server['bridge']['bridge'].emit('exit', 101, null);
  expect(exits).toEqual([{ code: 101, signal: null }]);
  expect(server['udpServer'] === null).toBeTrue();
  await server.start();
  expect(spawns).toEqual(2);
});

export default tap.start();
