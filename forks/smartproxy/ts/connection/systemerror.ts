/**
 * Errors of the system, as Node's own sockets say them.
 *
 * @module
 */
import { getSystemErrorName } from 'node:util';

/** @param number negative, as libuv and Linux's rings give it */
export function systemError(number: number, syscall: string, where = ''): NodeJS.ErrnoException {
  const code = getSystemErrorName(number);
  return Object.assign(new Error(`${syscall} ${code}${where}`), { errno: number, code, syscall });
}

export function connectError(number: number, host: string, port: number): Error {
  return Object.assign(systemError(number, 'connect', ` ${host}:${port}`), { address: host, port });
}
