/**
 * The tables' rows, as the memory, both dialects and a backup hold them, and what they mean.
 *
 * @module
 */
import type { IAuditEntry, IDocumentVersion, IHistorySample, IStoredObject, IStoredToken, TJson } from './types.ts';

/** Numbers that only grow: `revision`, `audit`, `version:<node>`. */
export interface ICounterRow {
  name: string;
  value: number;
}

export interface IObjectRow {
  kind: string;
  id: string;
  value: string;
  revision: number;
  updated_at_ms: number;
  updated_by: string;
}

export interface IVersionRow {
  node: string;
  version: number;
  text: string;
  hash: string;
  source: string;
  made_by: string;
  comment: string;
  state: string;
  created_at_ms: number;
}

export interface ITokenRow {
  id: string;
  name: string;
  secret_hash: string;
  scopes: string;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
}

export interface IAuditRow {
  id: number;
  at_ms: number;
  node: string;
  actor: string;
  action: string;
  target: string;
  outcome: string;
  detail: string;
}

export interface IMaterialRow {
  purpose: string;
  name: string;
  data: Uint8Array;
}

export interface IHistoryRow {
  node: string;
  at_ms: number;
  series: string;
}

/** Every table with its row. */
export interface ITables {
  counter: ICounterRow;
  object: IObjectRow;
  document_version: IVersionRow;
  token: ITokenRow;
  audit: IAuditRow;
  material: IMaterialRow;
  history: IHistoryRow;
}

export function toObject(row: IObjectRow): IStoredObject {
  return {
    kind: row.kind as IStoredObject['kind'],
    id: row.id,
    value: JSON.parse(row.value) as TJson,
    revision: row.revision,
    updatedAtMs: row.updated_at_ms,
    updatedBy: row.updated_by,
  };
}

export function toVersion(row: IVersionRow): IDocumentVersion {
  return { ...toVersionHead(row), text: row.text };
}

/** A version without its text, as lists show it. */
export function toVersionHead(row: Omit<IVersionRow, 'text'>): Omit<IDocumentVersion, 'text'> {
  return {
    version: row.version,
    node: row.node,
    hash: row.hash,
    source: row.source as IDocumentVersion['source'],
    by: row.made_by,
    comment: row.comment,
    state: row.state as IDocumentVersion['state'],
    createdAtMs: row.created_at_ms,
  };
}

export function toToken(row: ITokenRow): IStoredToken {
  return { ...toTokenHead(row), secretHash: row.secret_hash };
}

/** A token without what authenticates it, as lists show it. */
export function toTokenHead(row: ITokenRow): Omit<IStoredToken, 'secretHash'> {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as string[],
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  };
}

export function toAudit(row: IAuditRow): IAuditEntry {
  return {
    id: row.id,
    atMs: row.at_ms,
    node: row.node,
    actor: row.actor,
    action: row.action,
    target: row.target,
    outcome: row.outcome as IAuditEntry['outcome'],
    detail: JSON.parse(row.detail) as TJson,
  };
}

export function toSample(row: Pick<IHistoryRow, 'at_ms' | 'series'>): IHistorySample {
  return { atMs: row.at_ms, values: JSON.parse(row.series) as Record<string, number> };
}
