/**
 * Serial numbers of zones (RFC 1982).
 *
 * @module
 */

/** How a new serial is made: one more, the Unix time, or the day with two digits (YYYYMMDDnn). */
export type TSerialPolicy = 'increment' | 'unixtime' | 'date';

const modulus = 2 ** 32;
const half = 2 ** 31;

/** Whether serial `left` is newer than `right` (RFC 1982 §3.2). */
export function isNewerSerial(left: number, right: number): boolean {
  const ahead = (left - right + modulus) % modulus;
  return ahead !== 0 && ahead < half;
}

/**
 * The serial after `serial`. Policies that look at the clock fall back to one more when the clock's number is not newer.
 *
 * @param nowMs Unix time in milliseconds.
 */
export function nextSerial(serial: number, policy: TSerialPolicy, nowMs: number): number {
  const incremented = (serial + 1) % modulus;
  // 0 is left out: some secondaries treat it as "none".
  const next = incremented === 0 ? 1 : incremented;
  if (policy === 'increment') return next;
  const clock = policy === 'unixtime' ? Math.floor(nowMs / 1000) % modulus : dateSerial(nowMs);
  return isNewerSerial(clock, serial) ? clock : next;
}

function dateSerial(nowMs: number): number {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '');
  return Number(`${day}00`);
}
