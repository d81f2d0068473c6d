/**
 * Well when a request is answered as expected.
 *
 * @module
 */
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { TCheckConfig } from '../../config/schema/index.ts';
import { healthLimits } from '../limits.ts';
import type { IProbeTarget, TProbe } from './types.ts';

const STATUS_MIN = 200;
const STATUS_MAX = 399;

type THttpCheck = Extract<TCheckConfig, { type: 'http' | 'https' }>;
type TRequest = Pick<THttpCheck, 'type' | 'path' | 'host' | 'expect'> & { readonly verify?: boolean };

export function probeHttp(check: TRequest): TProbe {
  const wanted = check.expect.status === undefined ? null : new Set([check.expect.status].flat());
  const text = check.expect.body;
  return async (target, { timeoutMs, signal }) => {
    try {
      const response = await send(check, target, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      const status = response.statusCode ?? 0;
      const fits = wanted === null ? status >= STATUS_MIN && status <= STATUS_MAX : wanted.has(status);
      const fault = !fits
        ? `status-${status}`
        : text !== undefined && !(await bodyOf(response)).includes(text)
          ? 'body'
          : null;
      response.destroy();
      return fault;
    } catch (error) {
      return faultOf(error as NodeJS.ErrnoException);
    }
  };
}

function send(check: TRequest, target: IProbeTarget, signal: AbortSignal): Promise<http.IncomingMessage> {
  const host = check.host ?? target.host;
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const options: https.RequestOptions = {
    host: target.address,
    port: target.port,
    path: check.path,
    agent: false,
    signal,
    headers: { 'Host': check.host ?? `${name}:${target.port}`, 'User-Agent': 'dcrouter-health' },
  };
  return new Promise((resolve, reject) => {
    const request =
      check.type === 'https'
        ? https.get({ ...options, servername: isIP(host) === 0 ? host : '', rejectUnauthorized: check.verify }, resolve)
        : http.get(options, resolve);
    request.on('error', reject);
  });
}

/** The beginning of the body. */
async function bodyOf(response: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length >= healthLimits.bodyBytesMax) break;
  }
  return Buffer.concat(parts).subarray(0, healthLimits.bodyBytesMax).toString('utf8');
}

/** A time-out shows as the abort that it caused. */
export function faultOf(error: NodeJS.ErrnoException): string {
  return error.name === 'TimeoutError' || error.name === 'AbortError' ? 'timeout' : (error.code ?? 'error');
}
