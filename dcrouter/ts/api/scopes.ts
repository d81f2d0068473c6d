/**
 * What a token may do.
 *
 * @module
 */

/** `admin` holds all others; no other one holds another. */
export const SCOPES = [
  'read',
  'write:routes',
  'write:dns',
  'write:rules',
  'write:config',
  'write:upstreams',
  'write:connections',
  'admin',
] as const;

export type TScope = (typeof SCOPES)[number];

/** Whether somebody who has these scopes may do what needs `wanted`. */
export function allows(scopes: readonly string[], wanted: TScope): boolean {
  return scopes.includes(wanted) || scopes.includes('admin');
}
