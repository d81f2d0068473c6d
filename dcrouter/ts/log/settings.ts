/**
 * The `logging` section as the log uses it.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';

export type TLoggingConfig = TConfig['logging'];

export interface IAccessSettings {
  /** `clf` and `combined` have lines for HTTP exchanges; tunnels and queries then stand in the log. */
  readonly format: 'json' | 'clf' | 'combined';
  /** A file of their own; undefined: where the other lines go. */
  readonly file?: string;
  /** Share of access lines that is written, 0 to 1. */
  readonly sample: number;
}

/** Null when no access lines are wanted, or when the level leaves them out. */
export function accessSettings({ access, level }: TLoggingConfig): IAccessSettings | null {
  if (access === false) return null;
  const { format, ...settings } = access === true ? ({ format: 'json', sample: 1 } as const) : access;
  if (format === 'off') return null;
  const shown = level === 'debug' || level === 'info';
  // Lines in a file of their own are wanted whatever the level of the log is.
  return shown || 'file' in settings ? { format, ...settings } : null;
}
