/**
 * What the store holds becomes what serves: at the start, or later when the store could not be reached then.
 *
 * @module
 */
import { ConfigError } from '../config/error.ts';
import type { IDocumentVersion, IStore, IStoredObject } from '../store/types.ts';
import type { IClock } from './clock.ts';
import type { ICompiler } from './compiler.ts';
import { START_VERSIONS_MAX } from './limits.ts';
import type { Reporter } from './report.ts';
import type { IServing } from './serving.ts';
import { decideStart } from './startup.ts';

/** The document that the router was started with. */
export interface IStartDocument {
  readonly file: string;
  readonly text: string;
  readonly fileHash: string;
}

export interface ITakeOver {
  /** To be served; nothing serves it yet. */
  readonly serving: IServing;
  /** It serves: the store is told. */
  finish(): Promise<void>;
  /** It cannot be served: the store is told, if it was a new version. */
  fail(): Promise<void>;
}

interface ITools {
  readonly compiler: ICompiler;
  readonly clock: IClock;
  readonly report: Reporter;
}

/** One way to start, in the order of preference. */
interface IChoice {
  readonly what: string;
  readonly version: IDocumentVersion | undefined;
  readonly withObjects: boolean;
}

/**
 * @throws ConfigError when not even the file by itself can serve
 * @throws StoreUnavailableError
 */
export async function prepareTakeOver(store: IStore, document: IStartDocument, tools: ITools): Promise<ITakeOver> {
  const { items } = await store.versions.list({ limit: START_VERSIONS_MAX });
  const decision = decideStart(document.fileHash, items);
  for (const { version, state } of decision.settle) {
    await store.versions.settle(version, state);
    tools.report.info({ version, state }, 'a version that a crash left behind is settled');
  }
  const loaded = await store.objects.load();
  const good = decision.lastGood === undefined ? undefined : await store.versions.get(decision.lastGood);
  tools.report.info({ version: decision.version, because: decision.because }, 'what serves is decided');
  const file = (withObjects: boolean): IChoice => ({ what: 'the file', version: undefined, withObjects });
  const stored: IChoice[] =
    good === undefined ? [] : [{ what: `version ${good.version}`, version: good, withObjects: true }];
  const first = decision.version === undefined ? [file(true), ...stored] : [...stored, file(true)];
  const choices = loaded.objects.length === 0 ? first : [...first, file(false)];
  const { choice, config } = await firstThatCompiles(choices, document, loaded.objects, tools);
  return await takeOver(store, document, choice, tools.clock, {
    config,
    objects: choice.withObjects ? loaded.objects : [],
    revision: choice.withObjects ? loaded.revision : 0,
  });
}

/** Without a store: the file by itself, as version 0. @throws ConfigError */
export async function takeOverFile(document: IStartDocument, tools: ITools): Promise<ITakeOver> {
  const config = await tools.compiler.compile(document, []);
  const snapshot = Object.freeze({ version: 0, revision: 0, config, appliedAtMs: tools.clock.nowMs(), by: 'file' });
  const { file, text, fileHash } = document;
  const nothing = async (): Promise<void> => {};
  return { serving: { snapshot, document: { file, text }, fileHash, objects: [] }, finish: nothing, fail: nothing };
}

/** A router must start: what cannot serve is told loudly, and the next best serves. */
async function firstThatCompiles(
  choices: readonly IChoice[],
  document: IStartDocument,
  objects: readonly IStoredObject[],
  { compiler, report }: ITools,
): Promise<{ readonly choice: IChoice; readonly config: IServing['snapshot']['config'] }> {
  let refused: unknown;
  for (const choice of choices) {
    const text = choice.version?.text ?? document.text;
    try {
      const given = choice.withObjects ? objects : [];
      return { choice, config: await compiler.compile({ file: document.file, text }, given) };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      refused ??= error;
      const change = report.begin(choice.version === undefined ? 'file' : 'rollback', 'system');
      report.failed(change, 'refused', error);
      report.warn(`${choice.what}${choice.withObjects ? ' with the shared objects' : ''} cannot serve`, error);
    }
  }
  throw refused;
}

async function takeOver(
  store: IStore,
  document: IStartDocument,
  { version: stored }: IChoice,
  clock: IClock,
  { config, objects, revision }: Pick<IServing, 'objects'> & Pick<IServing['snapshot'], 'config' | 'revision'>,
): Promise<ITakeOver> {
  const { file, fileHash } = document;
  const version =
    stored ??
    (await store.versions.append({ text: document.text, hash: fileHash, source: 'file', by: 'file', comment: '' }));
  const snapshot = Object.freeze({
    version: version.version,
    revision,
    config,
    appliedAtMs: clock.nowMs(),
    by: version.by,
  });
  return {
    serving: { snapshot, document: { file, text: version.text }, fileHash: version.hash, objects },
    finish: async () => {
      if (version.state !== 'active') await store.versions.settle(version.version, 'active');
    },
    fail: async () => {
      if (stored === undefined) await store.versions.settle(version.version, 'failed');
    },
  };
}
