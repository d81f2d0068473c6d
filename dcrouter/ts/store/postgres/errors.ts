/**
 * What PostgreSQL's and the network's errors mean for the store.
 *
 * @module
 */
import { StoreConflictError, StoreUnavailableError } from '../errors.ts';

/** Classes and codes (PostgreSQL manual, appendix A) after which the server cannot be used now. */
const AWAY_CLASSES = ['08', '53', '57', '58'];
/** 25006: a standby, which takes no writes; after a fail-over the address shows the new primary. */
const AWAY_CODES = ['25006'];
/** 40001, 40P01: PostgreSQL chose this transaction to give way. */
const CONFLICT_CODES = ['40001', '40P01'];
const UNIQUE_CODE = '23505';
/** 57014: the statement took too long and was ended; its connection is fine. */
const CANCELED_CODE = '57014';

/** The driver has only words for what ended a connection on the client's side. */
const DRIVER_AWAY =
  /^(Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|driver has already been destroyed)/;
/** `ECONNRESET`, `EPIPE`, …; a SQLSTATE always has a digit. */
const SYSTEM_CODE = /^E[A-Z_]+$/;

/** Whether the connection is gone or of unknown state, so that nobody may use it again. */
export function breaksConnection(error: unknown): boolean {
  const { code = '', message } = error as { code?: string; message: string };
  if (code === CANCELED_CODE) return false;
  if (SYSTEM_CODE.test(code) || AWAY_CODES.includes(code) || DRIVER_AWAY.test(message)) return true;
  return code.length === 5 && AWAY_CLASSES.includes(code.slice(0, 2));
}

export function translate(error: unknown, server: string): { readonly unique: boolean; readonly error: unknown } {
  if (!(error instanceof Error)) return { unique: false, error };
  const { code } = error as { code?: string };
  if (code === UNIQUE_CODE) return { unique: true, error };
  if (code !== undefined && CONFLICT_CODES.includes(code)) {
    const message = `${server}: another transaction came first (${error.message}); read again and retry`;
    return { unique: false, error: new StoreConflictError(message, { cause: error }) };
  }
  if (error instanceof StoreUnavailableError || !isAway(error)) return { unique: false, error };
  const why = error.message === '' ? (code ?? error.name) : error.message;
  const message = `${server} cannot be reached: ${why}; changes are refused until it is back`;
  return { unique: false, error: new StoreUnavailableError(message, { cause: error }) };
}

function isAway(error: Error): boolean {
  return (error as { code?: string }).code === CANCELED_CODE || breaksConnection(error);
}
