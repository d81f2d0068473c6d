/**
 * The operations on a store in memory. Each is one synchronous step, so nothing comes between its reads and writes.
 *
 * @module
 */
import * as check from '../check.ts';
import { StoreConflictError } from '../errors.ts';
import * as limits from '../limits.ts';
import { conflict, supersededBy, unknownVersion } from '../meaning.ts';
import * as request from '../requests.ts';
import type { RevisionFeed } from '../revision-feed.ts';
import * as rows from '../rows.ts';
import type * as types from '../types.ts';
import { appendAudit, dropVersions, type IParts } from './state.ts';

export function memoryObjects({ state, operations, writer }: IParts, feed: RevisionFeed): types.IObjectStore {
  return {
    load: () =>
      operations.run('objects.load', () => ({
        revision: state.revision,
        objects: [...state.objects.values()].sort(byKey).map((row) => rows.toObject(row)),
      })),
    revision: () => operations.run('objects.revision', () => state.revision),
    change: async (changes, expectedRevision, audit) => {
      const revision = await operations.run('objects.change', () => {
        const changeRows = request.changeRows(changes);
        const auditRow = request.auditRow(audit, writer);
        if (state.revision !== expectedRevision) throw conflict(expectedRevision, state.revision);
        const next = new Map(state.objects);
        for (const change of changeRows) applyChange(next, change, expectedRevision + 1, auditRow);
        check.atMost(next.size, limits.objectsMax, 'objects');
        state.objects = next;
        state.revision += 1;
        appendAudit(state, operations, auditRow);
        return state.revision;
      });
      feed.tell(revision);
      return revision;
    },
    onRevision: (listener) => feed.listen(listener),
  };
}

function applyChange(
  objects: Map<string, rows.IObjectRow>,
  change: request.TChangeRow,
  revision: number,
  audit: Omit<rows.IAuditRow, 'id'>,
): void {
  const key = `${change.kind}\0${change.id}`;
  if (change.op === 'remove') {
    objects.delete(key);
    return;
  }
  const { kind, id, value } = change;
  objects.set(key, { kind, id, value, revision, updated_at_ms: audit.at_ms, updated_by: audit.actor });
}

export function memoryVersions({ state, operations, writer }: IParts): types.IVersionStore {
  const { versions } = state;
  return {
    append: (version) =>
      operations.run('versions.append', () => {
        const row = { ...request.versionRow(version, writer), version: state.versionLast + 1 };
        state.versionLast += 1;
        versions.set(row.version, row);
        dropVersions(state, operations);
        return rows.toVersion(row);
      }),
    settle: (version, next) =>
      operations.run('versions.settle', () => {
        const row = versions.get(version);
        if (row === undefined) throw unknownVersion(version, writer.node);
        for (const other of versions.values())
          if (other !== row && supersededBy(next).includes(other.state)) other.state = 'superseded';
        row.state = next;
      }),
    active: () =>
      operations.run('versions.active', () => {
        const row = [...versions.values()].find(({ state }) => state === 'active');
        return row && rows.toVersion(row);
      }),
    get: (version) =>
      operations.run('versions.get', () => {
        const row = versions.get(version);
        return row && rows.toVersion(row);
      }),
    list: (page) =>
      operations.run('versions.list', () => {
        const [limit, before] = [check.pageLimit(page), check.cursorNumber(page)];
        const older = [...versions.values()].reverse().filter(({ version }) => version < before);
        return check.toPage(older.slice(0, limit + 1), limit, rows.toVersionHead, (row) => String(row.version));
      }),
  };
}

export function memoryTokens({ state: { tokens }, operations }: IParts): types.ITokenStore {
  return {
    create: (token) =>
      operations.run('tokens.create', () => {
        const row = request.tokenRow(token);
        if (tokens.has(row.id) || [...tokens.values()].some((other) => other.secret_hash === row.secret_hash))
          throw new StoreConflictError(`token '${row.id}' or its secret exists already: make another one`);
        check.atMost(tokens.size + 1, limits.tokensMax, 'tokens');
        tokens.set(row.id, row);
      }),
    bySecretHash: (hash) =>
      operations.run('tokens.bySecretHash', () => {
        const row = [...tokens.values()].find((token) => token.secret_hash === hash);
        return row && rows.toToken(row);
      }),
    touch: (id, atMs) =>
      operations.run('tokens.touch', () => {
        const row = tokens.get(id);
        if (row && (row.last_used_at_ms ?? -Infinity) <= atMs - limits.tokenTouchMs) row.last_used_at_ms = atMs;
      }),
    remove: (id) => operations.run('tokens.remove', () => tokens.delete(id)),
    list: (page) =>
      operations.run('tokens.list', () => {
        const [limit, after] = [check.pageLimit(page), page?.cursor ?? ''];
        const later = [...tokens.values()].filter(({ id }) => id > after).sort((a, b) => (a.id < b.id ? -1 : 1));
        return check.toPage(later, limit, rows.toTokenHead, (row) => row.id);
      }),
  };
}

export function memoryAudit({ state, operations, writer }: IParts): types.IAuditStore {
  return {
    append: (entry) =>
      operations.run('audit.append', () => appendAudit(state, operations, request.auditRow(entry, writer))),
    list: (page) =>
      operations.run('audit.list', () => {
        const [limit, before] = [check.pageLimit(page), check.cursorNumber(page)];
        const fits = (row: rows.IAuditRow): boolean =>
          row.id < before &&
          (page?.action === undefined || row.action === page.action) &&
          (page?.actor === undefined || row.actor === page.actor);
        return check.toPage(state.audit.filter(fits).reverse(), limit, rows.toAudit, (row) => String(row.id));
      }),
  };
}

export function memoryMaterials({ state: { materials }, operations }: IParts): types.IMaterialStore {
  return {
    get: (purpose, name) =>
      operations.run('materials.get', () => {
        const data = materials.get(purpose)?.get(name);
        return data && Buffer.from(data);
      }),
    put: (purpose, name, data) =>
      operations.run('materials.put', () => {
        const named = materials.get(purpose) ?? new Map<string, Buffer>();
        check.name(name, `the name of a ${purpose}`);
        if (!named.has(name)) check.atMost(named.size + 1, limits.materialsMax, `materials of ${purpose}`);
        // A copy: the caller may wipe or reuse its buffer.
        named.set(name, Buffer.from(request.materialData(data, name)));
        materials.set(purpose, named);
      }),
    remove: (purpose, name) => operations.run('materials.remove', () => materials.get(purpose)?.delete(name) ?? false),
    names: (purpose) => operations.run('materials.names', () => [...(materials.get(purpose)?.keys() ?? [])].sort()),
  };
}

export function memoryHistory({ state, operations, writer }: IParts): types.IHistoryStore {
  return {
    append: (samples) =>
      operations.run('history.append', () => {
        const byTime = new Map(state.history.map((row) => [row.at_ms, row]));
        for (const row of request.historyRows(samples, writer.node)) byTime.set(row.at_ms, row);
        const all = [...byTime.values()].sort((a, b) => a.at_ms - b.at_ms);
        state.history = all.slice(-limits.historySamplesMax);
        operations.dropped.history += all.length - state.history.length;
      }),
    range: (fromMs, toMs) =>
      operations.run('history.range', () =>
        state.history.filter(({ at_ms }) => at_ms >= fromMs && at_ms <= toMs).map(rows.toSample),
      ),
    prune: (beforeMs) =>
      operations.run('history.prune', () => {
        const kept = state.history.filter(({ at_ms }) => at_ms >= beforeMs);
        const gone = state.history.length - kept.length;
        state.history = kept;
        return gone;
      }),
  };
}

function byKey(a: rows.IObjectRow, b: rows.IObjectRow): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
