/**
 * A version that nobody confirmed in time: the one before it serves again, as a new version, by `system`.
 *
 * @module
 */
import { StoreUnavailableError } from '../store/errors.ts';
import type { IDocumentVersion, IStore } from '../store/types.ts';
import type { Bench } from './bench.ts';
import { planDetail } from './report.ts';
import type { IApplied } from './types.ts';
import type { IProbation, Unconfirmed } from './unconfirmed.ts';

/** The store being away is no reason to go on with what nobody confirmed: it is told later. */
export async function takeBack(bench: Bench, unconfirmed: Unconfirmed, probation: IProbation): Promise<IApplied> {
  const store = bench.store();
  const { snapshot: before, objects, fileHash } = bench.serving;
  const { document } = probation.goBackTo;
  const config = await bench.compiler.compile(document, objects);
  const plan = bench.compiler.plan(before.config, config);
  const comment = `version ${probation.version} was not confirmed in time`;
  const stored = await append(bench, store, { text: document.text, hash: fileHash, comment });
  await bench.go(config).catch(async (error: unknown) => {
    if (stored !== undefined) await bench.ledger.fail(store, stored.version);
    throw error;
  });
  unconfirmed.end();
  const version = stored?.version ?? probation.goBackTo.version;
  const snapshot = Object.freeze({
    version,
    revision: before.revision,
    config,
    appliedAtMs: bench.clock.nowMs(),
    by: 'system',
  });
  bench.replace({ snapshot, document, fileHash, objects });
  bench.ledger.owe(probation.version, 'reverted');
  if (version > 0) bench.ledger.owe(version, 'active');
  await bench.ledger.tell(store);
  bench.report.reverted(probation.version, version, 'system');
  if (stored !== undefined)
    await bench.report.audit(store, {
      actor: 'system',
      action: 'config.revert',
      target: `version ${probation.version}`,
      outcome: 'done',
      detail: planDetail(plan, comment),
    });
  return { snapshot, plan };
}

async function append(
  bench: Bench,
  store: IStore,
  version: Pick<IDocumentVersion, 'text' | 'hash' | 'comment'>,
): Promise<IDocumentVersion | undefined> {
  try {
    return await bench.ledger.begin(store, { ...version, source: 'rollback', by: 'system' });
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    bench.report.warn('the store is away while a version is taken back; it is told later', error);
    return undefined;
  }
}
