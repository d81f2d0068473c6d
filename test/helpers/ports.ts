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

/** Where the range of ports that the system hands out by itself begins, on Linux as it is delivered. */
const EPHEMERAL_FROM = 32_768;
const STEADY_FROM = 20_000;
let next = STEADY_FROM + ((process.pid * 61) % (EPHEMERAL_FROM - STEADY_FROM));

/**
 * Free ports that the system hands to nobody by itself: for a test that closes a port and opens it again while other
 * programs run.
 */
export async function steadyPorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    next = next + 1 < EPHEMERAL_FROM ? next + 1 : STEADY_FROM;
    const port = next;
    const tcp = createServer();
    const free = await new Promise<boolean>((resolve) => {
      tcp.once('error', () => resolve(false));
      tcp.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (free) ports.push(port);
    await new Promise<void>((resolve) => (free ? tcp.close(() => resolve()) : resolve()));
  }
  return ports;
}
