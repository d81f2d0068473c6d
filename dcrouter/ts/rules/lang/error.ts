/** An expression or action that cannot be used. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly code = 'DCR_RULE_INVALID';
  /** 1-based place in the expression; undefined where the whole of it is meant. */
  readonly column: number | undefined;

  constructor(message: string, at?: number) {
    super(at === undefined ? message : `${message} (column ${at + 1})`);
    this.column = at === undefined ? undefined : at + 1;
  }
}
