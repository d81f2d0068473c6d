/**
 * Secrets are never shown: what is read from the API holds a word in their place. Written back, the word means "as it
 * is".
 *
 * @module
 */
import { REDACTED, redact, schemasBelow } from '../config/schema-walk.ts';
import { ApiError } from './problems.ts';

/** A value with every secret hidden. */
export function hidden(schema: unknown, value: unknown): unknown {
  return redact([schema], value);
}

/**
 * Puts the present secrets in for the word.
 *
 * @throws ApiError `DCR_API_INVALID` where there is none to keep
 */
export function keepSecrets(schema: unknown, value: unknown, present: unknown): unknown {
  return keep([schema], value, present, '');
}

function keep(schemas: readonly unknown[], value: unknown, present: unknown, path: string): unknown {
  if (value === REDACTED && redact(schemas, 'x') === REDACTED) {
    if (present !== undefined) return present;
    throw new ApiError('DCR_API_INVALID', 'a secret is left out and there is none to keep: see problems', {
      problems: [{ path, message: `got '${REDACTED}', which keeps a secret; there is none yet, so give one` }],
    });
  }
  if (Array.isArray(value)) {
    const before: readonly unknown[] = Array.isArray(present) ? (present as unknown[]) : [];
    return value.map((item, at) => keep(schemasBelow(schemas, at), item, before[at], `${path}[${at}]`));
  }
  if (typeof value !== 'object' || value === null) return value;
  const before = (typeof present === 'object' && present !== null ? present : {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const below = path === '' ? key : `${path}.${key}`;
      return [key, keep(schemasBelow(schemas, key), item, before[key], below)];
    }),
  );
}
