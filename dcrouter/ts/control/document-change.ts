/**
 * One document becomes the running one, step by step; each step names what is true when the process dies in it.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { IDocumentVersion } from '../store/types.ts';
import type { Bench } from './bench.ts';
import { ControlError } from './error.ts';
import { CONFIRM_LONGEST_MS } from './limits.ts';
import { planDetail } from './report.ts';
import type { IApplied, IApplyOptions, IDocumentInput, ISnapshot } from './types.ts';
import type { Unconfirmed } from './unconfirmed.ts';
import type { TSettled } from './versions.ts';

export interface IDocumentChange extends IDocumentInput {
  /** Of the file as it was read; undefined for a document that came another way. */
  readonly fileHash?: string;
}

/** @returns what serves, and whether that is another version than before */
export async function changeDocument(
  bench: Bench,
  unconfirmed: Unconfirmed,
  document: IDocumentChange,
  options: IApplyOptions,
): Promise<{ readonly applied: IApplied; readonly changed: boolean }> {
  checkConfirmMs(options.confirmMs);
  const store = bench.store();
  const before = bench.serving;
  options.guard?.(before.snapshot);
  const config = await bench.compiler.compile(document, before.objects);
  const plan = bench.compiler.plan(before.snapshot.config, config);
  const fileHash = fileHashOf(document, before.fileHash);
  const same = plan.differences.length === 0 && document.text === before.document.text && fileHash === before.fileHash;
  if (same && options.confirmMs === undefined && unconfirmed.current === null) {
    // Files that it names, as certificates, may say something else by now.
    await bench.go(config);
    return { applied: { snapshot: before.snapshot, plan }, changed: false };
  }

  // Dies before this: nothing has happened. Dies after it: a pending version, which the next start calls failed.
  const version = await bench.ledger.begin(store, {
    text: document.text,
    hash: fileHash,
    source: document.source,
    by: options.by,
    comment: options.comment ?? '',
  });
  // Dies while the parts go over: the same; whatever they served is gone with the process.
  await bench.go(config).catch(async (error: unknown) => {
    await bench.ledger.fail(store, version.version);
    throw error;
  });
  const state = options.confirmMs === undefined ? 'active' : 'unconfirmed';
  const stood = standing(before.snapshot, unconfirmed);
  // Dies in this: the store has kept it or not. Dies after it: it serves after the next start, or, unconfirmed, is
  // taken back there.
  await bench.ledger.succeed(store, version.version, state, stood).catch(async (error: unknown) => {
    await bench.goBack();
    throw error;
  });
  const snapshot = replaceDocument(bench, version, document, config, options.by);
  const confirmByMs = probation(bench, unconfirmed, before, snapshot, options.confirmMs);
  await bench.report.audit(store, {
    actor: options.by,
    action: 'config.apply',
    target: `version ${version.version}`,
    outcome: 'done',
    detail: planDetail(plan, options.comment),
  });
  return { applied: { snapshot, plan, ...(confirmByMs !== undefined && { confirmByMs }) }, changed: true };
}

/** Makes a stored version with its configuration what everybody sees. */
function replaceDocument(
  bench: Bench,
  version: IDocumentVersion,
  { file, text }: IDocumentChange,
  config: ISnapshot['config'],
  by: string,
): ISnapshot {
  const { revision } = bench.serving.snapshot;
  const appliedAtMs = bench.clock.nowMs();
  const snapshot = Object.freeze({ version: version.version, revision, config, appliedAtMs, by });
  bench.replace({ ...bench.serving, snapshot, document: { file, text }, fileHash: version.hash });
  return snapshot;
}

/** Ends the probation before, and begins one where it was asked for. */
function probation(
  bench: Bench,
  unconfirmed: Unconfirmed,
  before: Bench['serving'],
  snapshot: ISnapshot,
  confirmMs: number | undefined,
): number | undefined {
  // What serves unconfirmed is no place to go back to: the last confirmed one stays it.
  const goBackTo = unconfirmed.current?.goBackTo ?? { version: before.snapshot.version, document: before.document };
  if (confirmMs === undefined) {
    unconfirmed.end();
    return undefined;
  }
  const confirmByMs = bench.clock.nowMs() + confirmMs;
  unconfirmed.begin({ version: snapshot.version, confirmByMs, goBackTo });
  return confirmByMs;
}

/** The states that the store must have again when the new version cannot be settled. */
function standing({ version }: ISnapshot, unconfirmed: Unconfirmed): Array<readonly [number, TSettled]> {
  const { current } = unconfirmed;
  const states: Array<readonly [number, TSettled]> =
    current === null
      ? [[version, 'active']]
      : [
          [current.goBackTo.version, 'active'],
          [version, 'unconfirmed'],
        ];
  return states.filter(([known]) => known > 0);
}

/** A document that did not come from a file carries the hash of the file that it comes after. */
function fileHashOf(document: IDocumentChange, before: string): string {
  return document.fileHash ?? (document.source === 'file' ? hashOf(document.text) : before);
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function checkConfirmMs(confirmMs: number | undefined): void {
  if (confirmMs === undefined) return;
  if (Number.isInteger(confirmMs) && confirmMs > 0 && confirmMs <= CONFIRM_LONGEST_MS) return;
  const range = `whole milliseconds from 1 to ${CONFIRM_LONGEST_MS}`;
  throw new ControlError('DCR_CONTROL_CONFIRM', `a time to confirm of ${confirmMs} ms; give ${range}`);
}
