/**
 * What the store answers when it does not do what it was asked. Compare `code`, not the text.
 *
 * @module
 */

/** Another change came first: read again and retry. */
export class StoreConflictError extends Error {
  override readonly name = 'StoreConflictError';
  readonly code = 'DCR_STORE_CONFLICT';
}

/**
 * The store cannot be reached now. Traffic goes on; changes are refused until it is back. Whether a change that was
 * under way has been kept is open: read again.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'DCR_STORE_UNAVAILABLE';
}

/** The caller asked for something that the store refuses whatever its state: a limit, a foreign cursor, an unknown version. */
export class StoreRequestError extends Error {
  override readonly name = 'StoreRequestError';
  readonly code = 'DCR_STORE_REQUEST';
}

/** A lock was not had within {@link limits.lockWaitMs}. */
export class StoreLockTimeoutError extends Error {
  override readonly name = 'StoreLockTimeoutError';
  readonly code = 'DCR_STORE_LOCK_TIMEOUT';
}

/** Another process has the database file open. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';
  readonly code = 'DCR_STORE_IN_USE';
}

/** The store cannot be opened as it is configured: a path, a right, a server that is too old, a schema that is too new. */
export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError';
  readonly code = 'DCR_STORE_OPEN';
}

/** A backup that cannot be restored: damaged, cut, of a newer release, or into a store that is not empty. */
export class StoreBackupError extends Error {
  override readonly name = 'StoreBackupError';
  readonly code = 'DCR_STORE_BACKUP';
}
