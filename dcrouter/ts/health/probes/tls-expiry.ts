/**
 * Well while the certificate that a server shows is valid for days to come.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import tls from 'node:tls';
import type { IProbeBounds, IProbeTarget, TProbe } from './types.ts';

const MS_PER_DAY = 86_400_000;

/** @param nowMs Unix time in milliseconds */
export function probeTlsExpiry(daysLeft: number, servername: string | undefined, nowMs: () => number): TProbe {
  return async (target, bounds) => {
    const shown = await certificateOf(target, servername ?? target.host, bounds);
    if (typeof shown === 'string') return shown;
    const left = (Date.parse(shown.validTo) - nowMs()) / MS_PER_DAY;
    if (Date.parse(shown.validFrom) > nowMs()) return 'not-yet-valid';
    if (left < 0) return 'expired';
    return left < daysLeft ? `expires-in-${Math.floor(left)}-days` : null;
  };
}

/** The server's certificate, whoever signed it, or why there is none. */
function certificateOf(target: IProbeTarget, name: string, bounds: IProbeBounds): Promise<X509Certificate | string> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: target.address,
      port: target.port,
      servername: isIP(name) === 0 ? name : '',
      rejectUnauthorized: false,
      timeout: bounds.timeoutMs,
    });
    const end = (shown: X509Certificate | string): void => {
      bounds.signal.removeEventListener('abort', onAbort);
      resolve(shown);
      socket.destroy();
    };
    const onAbort = (): void => end('aborted');
    bounds.signal.addEventListener('abort', onAbort);
    socket.once('secureConnect', () => end(socket.getPeerX509Certificate() ?? 'no-certificate'));
    socket.once('timeout', () => end('timeout'));
    socket.once('close', () => end('closed'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
  });
}
