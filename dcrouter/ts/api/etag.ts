/**
 * Entity tags and the conditions that clients set on them (RFC 9110 §13).
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { ControlError } from '../control/error.ts';

/** Characters of a tag: 132 bits, so that no two values ever share one. */
const TAG_CHARS = 22;

/** The strong tag of a value: the same for the same JSON, whatever the order of its keys. */
export function etagOf(value: unknown): string {
  return `"${createHash('sha256').update(canonical(value)).digest('base64url').slice(0, TAG_CHARS)}"`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}

export interface IConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/**
 * Holds what there is now against the conditions of a change.
 *
 * @param current the tag of what there is; undefined when there is nothing
 * @throws ControlError `DCR_CONTROL_PRECONDITION`
 */
export function assertConditions({ ifMatch, ifNoneMatch }: IConditions, current: string | undefined): void {
  if (ifMatch !== undefined && (current === undefined || !names(ifMatch, current))) {
    const found = current === undefined ? 'there is nothing now' : `its tag is ${current} now`;
    throw new ControlError('DCR_CONTROL_PRECONDITION', `If-Match does not hold: ${found}; read it again`);
  }
  if (ifNoneMatch !== undefined && current !== undefined && names(ifNoneMatch, current)) {
    throw new ControlError(
      'DCR_CONTROL_PRECONDITION',
      `If-None-Match does not hold: there is one already, tagged ${current}`,
    );
  }
}

/** Strong comparison: a weak tag names nothing here. */
function names(condition: string, tag: string): boolean {
  return condition.trim() === '*' || condition.split(',').some((each) => each.trim() === tag);
}
