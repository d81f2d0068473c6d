/**
 * Well when a connection can be made.
 *
 * @module
 */
import net from 'node:net';
import type { IProbeTarget } from './types.ts';

export function probeTcp({ address, port }: IProbeTarget, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, timeout: timeoutMs });
    const end = (fault: string | null): void => {
      resolve(fault);
      socket.destroy();
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
  });
}
