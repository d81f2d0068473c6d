/**
 * Changes of shared objects on the objects that are known.
 *
 * @module
 */
import { ConfigError } from '../config/error.ts';
import type { IAuditEntry, IStoredObject, TJson, TObjectChange } from '../store/types.ts';
import { NAMED_PATHS_MAX } from './limits.ts';

/** Who changes the objects, when, and which revision that makes. */
export interface IObjectStamp {
  readonly revision: number;
  readonly atMs: number;
  readonly by: string;
}

/**
 * The objects after the changes; the given ones are not touched.
 *
 * @throws ConfigError when an object to remove is not there
 */
export function changeObjects(
  objects: readonly IStoredObject[],
  changes: readonly TObjectChange[],
  stamp: IObjectStamp,
): IStoredObject[] {
  const changed = new Map(objects.map((object) => [keyOf(object), object]));
  for (const change of changes) {
    const key = keyOf(change);
    if (change.op === 'remove') {
      if (changed.delete(key)) continue;
      const file = `object ${change.kind} '${change.id}'`;
      throw new ConfigError([{ file, path: '', message: 'there is no such object to remove' }]);
    }
    const { kind, id, value } = change;
    changed.set(key, { kind, id, value, revision: stamp.revision, updatedAtMs: stamp.atMs, updatedBy: stamp.by });
  }
  return [...changed.values()];
}

/** How the audit tells of a change: one object by its name, several by their number. */
export function auditOf(
  changes: readonly TObjectChange[],
  by: string,
  comment: string | undefined,
): Omit<IAuditEntry, 'id' | 'atMs' | 'node'> {
  const [first] = changes;
  const one = changes.length === 1 && first !== undefined;
  const named: TJson = changes.slice(0, NAMED_PATHS_MAX).map(({ op, kind, id }) => ({ op, kind, id }));
  return {
    actor: by,
    action: one ? `${first.kind}.${first.op}` : 'objects.change',
    target: one ? first.id : `${changes.length} objects`,
    outcome: 'done',
    detail: { changes: named, count: changes.length, ...(comment !== undefined && { comment }) },
  };
}

function keyOf(object: { readonly kind: string; readonly id: string }): string {
  return `${object.kind}\0${object.id}`;
}
