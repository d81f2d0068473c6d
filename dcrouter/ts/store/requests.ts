/**
 * From what the caller gives to a row that can be kept, or a refusal.
 *
 * @module
 */
import * as check from './check.ts';
import { StoreRequestError } from './errors.ts';
import * as limits from './limits.ts';
import type { IAuditRow, IHistoryRow, ITokenRow, IVersionRow } from './rows.ts';
import type { IAuditEntry, IDocumentVersion, IHistorySample, IStoredToken, TObjectChange } from './types.ts';

/** What the store adds to a row itself. */
export interface IWriter {
  readonly node: string;
  readonly nowMs: () => number;
}

/** A change with its value as it is kept. */
export type TChangeRow =
  | { readonly op: 'put'; readonly kind: string; readonly id: string; readonly value: string }
  | { readonly op: 'remove'; readonly kind: string; readonly id: string };

export function changeRows(changes: readonly TObjectChange[]): TChangeRow[] {
  if (changes.length === 0 || changes.length > limits.changesMax)
    throw new StoreRequestError(`${changes.length} changes at once: 1 to ${limits.changesMax}`);
  return changes.map((change) => {
    const { kind } = change;
    const id = check.name(change.id, `the id of a ${kind}`);
    if (change.op === 'remove') return { op: 'remove', kind, id };
    return { op: 'put', kind, id, value: check.json(change.value, `${kind} '${id}'`, limits.objectBytesMax) };
  });
}

export function auditRow(entry: Omit<IAuditEntry, 'id' | 'atMs' | 'node'>, writer: IWriter): Omit<IAuditRow, 'id'> {
  return {
    at_ms: writer.nowMs(),
    node: writer.node,
    actor: check.name(entry.actor, 'the actor of an audit entry'),
    action: check.name(entry.action, 'the action of an audit entry'),
    target: check.text(entry.target, 'the target of an audit entry'),
    outcome: entry.outcome,
    detail: check.json(entry.detail, 'the detail of an audit entry', limits.auditDetailBytesMax),
  };
}

export function versionRow(
  version: Omit<IDocumentVersion, 'version' | 'node' | 'state' | 'createdAtMs'>,
  writer: IWriter,
): Omit<IVersionRow, 'version'> {
  return {
    node: writer.node,
    text: check.text(version.text, 'the document', limits.documentBytesMax),
    hash: check.name(version.hash, "the document's hash"),
    source: version.source,
    made_by: check.name(version.by, "the document's author"),
    comment: check.text(version.comment, "the document's comment"),
    state: 'pending',
    created_at_ms: writer.nowMs(),
  };
}

export function tokenRow(token: IStoredToken): ITokenRow {
  return {
    id: check.name(token.id, "the token's id"),
    name: check.name(token.name, "the token's name"),
    secret_hash: check.name(token.secretHash, "the token's hash"),
    scopes: check.json(token.scopes, "the token's scopes", limits.textBytesMax),
    created_at_ms: token.createdAtMs,
    created_by: check.name(token.createdBy, "the token's maker"),
    expires_at_ms: token.expiresAtMs ?? null,
    last_used_at_ms: token.lastUsedAtMs ?? null,
  };
}

export function historyRows(samples: readonly IHistorySample[], node: string): IHistoryRow[] {
  if (samples.length > limits.historyAppendMax)
    throw new StoreRequestError(`${samples.length} samples at once: ${limits.historyAppendMax} at most`);
  const byTime = new Map(samples.map((sample) => [sample.atMs, sample]));
  return [...byTime.values()].map(({ atMs, values }) => ({
    node,
    at_ms: atMs,
    series: check.json(values, `the sample of ${atMs}`, limits.historySampleBytesMax),
  }));
}

export function materialData(data: Buffer, name: string): Buffer {
  if (data.length > limits.materialBytesMax)
    throw new StoreRequestError(`'${name}' has ${data.length} bytes: ${limits.materialBytesMax} at most`);
  return data;
}
