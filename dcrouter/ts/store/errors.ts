/** Another change came first: read again and retry. */
export class StoreConflictError extends Error {
  override readonly name = 'StoreConflictError';
  readonly code = 'DCR_STORE_CONFLICT';
}

/** The store cannot be reached now. Traffic goes on; changes are refused until it is back. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'DCR_STORE_UNAVAILABLE';
}
