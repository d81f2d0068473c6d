import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * Ports that were free a moment ago, distinct from each other, for programs that cannot be told to choose themselves.
 * Each is free on TCP and on UDP.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Array<() => void> = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    held.push(() => tcp.close());
    const udp = createSocket('udp4');
    const bound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    held.push(() => udp.close());
    if (bound) ports.push(port);
  }
  for (const release of held) release();
  return ports;
}
