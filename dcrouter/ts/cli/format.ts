/**
 * Numbers and times as people read them, and the other way round.
 *
 * @module
 */
import { InvalidArgumentError } from 'commander';
import { cliLimits } from './limits.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units: `3d 4h`, `5m 2s`, `1.3s`, `250ms`. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const left = Math.abs(ms);
  if (left < SECOND) return `${sign}${Math.round(left)}ms`;
  if (left < 10 * SECOND) return `${sign}${(left / SECOND).toFixed(1)}s`;
  const seconds = Math.round(left / SECOND) * SECOND;
  const units: ReadonlyArray<readonly [number, string]> = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'm'],
    [SECOND, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  const [large, next] = [units[first]!, units[first + 1]];
  const rest = next === undefined ? 0 : Math.floor((seconds % large[0]) / next[0]);
  return `${sign}${Math.floor(seconds / large[0])}${large[1]}${rest > 0 ? ` ${rest}${next![1]}` : ''}`;
}

/** `2026-03-01 12:00:00` in UTC, as log lines have it. */
export function formatTime(unixMs: number | undefined): string {
  return unixMs === undefined ? '' : new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ');
}

export function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

const FACTORS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Milliseconds of `60s`, `5m`, `2h`, `1d` or `500ms`; for options. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(number) * (FACTORS[unit ?? ''] ?? NaN);
  if (!(ms >= 1)) throw new InvalidArgumentError("Expected a time such as '60s', '5m' or '2h'.");
  return ms;
}

/** The same for a timer, which takes less than 25 days. */
export function parseTimer(text: string): number {
  const ms = parseDuration(text);
  if (ms > cliLimits.durationMsMax) throw new InvalidArgumentError('Expected less than 25 days.');
  return ms;
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

export function parsePort(text: string): number {
  const value = parseCount(text);
  if (value < 1 || value > 65_535) throw new InvalidArgumentError('Expected a port from 1 to 65535.');
  return value;
}
