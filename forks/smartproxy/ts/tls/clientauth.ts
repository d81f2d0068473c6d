/**
 * Which client certificates a route asks for, as one word: what was verified for one route says nothing on another that
 * trusts other authorities.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { IRouteTls } from '../interfaces/tls.ts';

/** '' for routes that ask for none. */
export function clientAuthKey(settings: IRouteTls | undefined): string {
  if (settings?.clientAuth === undefined) return '';
  const { mode, ca } = settings.clientAuth;
  return hash('sha256', [mode, ...[ca].flat()].map(String).join('\n'), 'base64url');
}
