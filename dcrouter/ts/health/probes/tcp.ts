/**
 * Well when a connection can be made.
 *
 * @module
 */
import net from 'node:net';
import type { IProbeBounds, IProbeTarget } from './types.ts';

export function probeTcp({ address, port }: IProbeTarget, bounds: IProbeBounds): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, timeout: bounds.timeoutMs });
    const end = (fault: string | null): void => {
      bounds.signal.removeEventListener('abort', onAbort);
      resolve(fault);
      socket.destroy();
    };
    const onAbort = (): void => end('aborted');
    bounds.signal.addEventListener('abort', onAbort);
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
  });
}
