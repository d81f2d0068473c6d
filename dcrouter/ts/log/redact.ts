/**
 * Fields that must not be shown.
 *
 * @module
 */

export const REDACTED = '[redacted]';

/** The fields with those at `paths` (`clientIp`, `data.address`) replaced; copied only where something is replaced. */
export function redacted(fields: Record<string, unknown>, paths: readonly string[]): Record<string, unknown> {
  let shown = fields;
  for (const path of paths) shown = without(shown, path.split('.'), 0);
  return shown;
}

function without(fields: Record<string, unknown>, path: readonly string[], depth: number): Record<string, unknown> {
  const name = path[depth]!;
  const value = fields[name];
  if (value === undefined) return fields;
  if (depth === path.length - 1) return { ...fields, [name]: REDACTED };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fields;
  const inner = value as Record<string, unknown>;
  const shown = without(inner, path, depth + 1);
  return shown === inner ? fields : { ...fields, [name]: shown };
}
