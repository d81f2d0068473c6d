/** What a {@link ControlError} can say; callers compare codes. */
export type TControlErrorCode =
  | 'DCR_CONTROL_BUSY'
  | 'DCR_CONTROL_CONFIRM'
  | 'DCR_CONTROL_NO_FILE'
  | 'DCR_CONTROL_NO_VERSION'
  | 'DCR_CONTROL_PRECONDITION'
  | 'DCR_CONTROL_STOPPED'
  | 'DCR_CONTROL_UNCONFIRMED';

/** A change that cannot be made now, or that does not make sense; nothing changed. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: TControlErrorCode;

  constructor(code: TControlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
