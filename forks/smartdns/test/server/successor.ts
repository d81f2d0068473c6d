// A process that takes the sockets of a DNS server over: descriptors 3 to 6 for UDP, TCP, DoT and DoH.
import { readlinkSync } from 'node:fs';
import { DnsServer } from '#server';
import { record } from './start.ts';

interface ISetup {
  readonly cert: string;
  readonly key: string;
  readonly udpBatch: boolean;
}

const { cert, key, udpBatch } = JSON.parse(process.argv[2]!) as ISetup;
const transports = ['udp', 'tcp', 'tls', 'https'] as const;
const inherited = new Map<string, number>(transports.map((name, index) => [name, 3 + index]));
const server = new DnsServer({
  // Were a socket not taken, another port would be the server's.
  udpPort: 0,
  tlsPort: 0,
  httpsPort: 0,
  bindInterface: '127.0.0.1',
  dnssecZone: 'example.test',
  httpsCert: cert,
  httpsKey: key,
  udpBatch,
  takeListener: (transport) => {
    const fd = inherited.get(transport);
    inherited.delete(transport);
    return fd;
  },
});
server.registerHandler('*.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.9'));

/** Whether any of the inherited descriptors is a socket still. */
function holdsSockets(): boolean {
  return transports.some((_, index) => {
    try {
      return readlinkSync(`/proc/self/fd/${3 + index}`).startsWith('socket:');
    } catch {
      return false;
    }
  });
}

process.on('message', (order: 'start' | 'numbers' | 'stop') => {
  const done = order === 'start' ? server.start() : order === 'stop' ? server.stop() : Promise.resolve();
  done.then(
    () => process.send!({ addresses: server.addresses, totals: server.stats.getTotals(), holds: holdsSockets() }),
    (error: unknown) => process.send!({ error: (error as Error).message }),
  );
});
process.on('disconnect', () => process.exit());
