/** @module */

/** Security settings that cannot work. `field` is relative to the security block. */
export class SecurityConfigError extends Error {
  readonly code = 'SECURITY_CONFIG_INVALID';
  readonly field: string;

  constructor(field: string, message: string) {
    super(`${field} ${message}`);
    this.name = 'SecurityConfigError';
    this.field = field;
  }
}
