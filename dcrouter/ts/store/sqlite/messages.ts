/**
 * What the store's thread and the main thread tell each other. Several at once travel in one message.
 *
 * @module
 */

/** What may stand for a `?`. */
export type TParameter = null | number | string | Uint8Array;

export interface ISqliteFiles {
  /** The state: every commit is flushed to the disk. */
  readonly state: string;
  /** Telemetry history: survives a crash of the process; a power cut may cost its last seconds. */
  readonly history: string;
}

export interface ISqliteStart {
  readonly files: ISqliteFiles;
  /** How long to wait for another process to let go of the files, in milliseconds. */
  readonly waitMs: number;
}

export type TSqliteRequest =
  | { readonly id: number; readonly do: 'query'; readonly sql: string; readonly parameters: readonly TParameter[] }
  | { readonly id: number; readonly do: 'close' };

export interface ISqliteResult {
  readonly rows: ReadonlyArray<Record<string, TParameter>>;
  readonly changes: number;
}

export interface ISqliteFailure {
  readonly message: string;
  /** SQLite's extended result code; 0 when the failure is not SQLite's. */
  readonly errcode: number;
}

export type TSqliteReply = { readonly id: number } & (
  { readonly result: ISqliteResult } | { readonly failure: ISqliteFailure }
);

/** The reply to the start itself. */
export const START_ID = 0;
