/** A restart that did not take place: the process that was asked serves on. `message` says why. */
export class RestartError extends Error {
  override readonly name = 'RestartError';
  readonly code: 'DCR_RESTART_FAILED' | 'DCR_RESTART_BUSY' | 'DCR_RESTART_UNSUPPORTED';

  constructor(code: RestartError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
