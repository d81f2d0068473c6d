/**
 * The tables of a store in memory.
 *
 * @module
 */
import type { TTableRow } from '../archive/format.ts';
import * as limits from '../limits.ts';
import type { Operations } from '../operations.ts';
import { LASTING_STATES } from '../meaning.ts';
import type { IWriter } from '../requests.ts';
import type * as rows from '../rows.ts';

/** What every part of the store works with. */
export interface IParts {
  readonly state: MemoryState;
  readonly operations: Operations;
  readonly writer: IWriter;
}

/** The tables. Texts and JSON are kept as the databases keep them, so that nobody shares a value with the store. */
export class MemoryState {
  revision = 0;
  versionLast = 0;
  auditLast = 0;
  objects = new Map<string, rows.IObjectRow>();
  readonly versions = new Map<number, rows.IVersionRow>();
  readonly tokens = new Map<string, rows.ITokenRow>();
  readonly audit: rows.IAuditRow[] = [];
  readonly materials = new Map<string, Map<string, Buffer>>();
  /** By time. */
  history: rows.IHistoryRow[] = [];

  *rows(): Generator<TTableRow> {
    yield ['counter', { name: 'revision', value: this.revision }];
    yield ['counter', { name: 'audit', value: this.auditLast }];
    const [first] = this.versions.values();
    if (first) yield ['counter', { name: `version:${first.node}`, value: this.versionLast }];
    for (const row of this.objects.values()) yield ['object', row];
    for (const row of this.versions.values()) yield ['document_version', { ...row }];
    for (const row of this.tokens.values()) yield ['token', { ...row }];
    for (const row of this.audit) yield ['audit', row];
    for (const [purpose, named] of this.materials)
      for (const [name, data] of named) yield ['material', { purpose, name, data }];
    for (const row of this.history) yield ['history', row];
  }
}

export function appendAudit(state: MemoryState, operations: Operations, row: Omit<rows.IAuditRow, 'id'>): void {
  state.auditLast += 1;
  state.audit.push({ id: state.auditLast, ...row });
  if (state.audit.length <= limits.auditEntriesMax) return;
  state.audit.shift();
  operations.dropped.audit += 1;
}

export function dropVersions(state: MemoryState, operations: Operations): void {
  let excess = state.versions.size - limits.versionsMax;
  for (const row of state.versions.values()) {
    if (excess <= 0) return;
    if ((LASTING_STATES as readonly string[]).includes(row.state)) continue;
    state.versions.delete(row.version);
    operations.dropped.versions += 1;
    excess -= 1;
  }
}
