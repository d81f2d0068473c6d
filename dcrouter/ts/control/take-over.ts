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
  /** The version that the store must be told of once it serves; undefined: the store knows. */
  readonly unsettled: number | undefined;
  /** Whether it was appended for this: it failed then, if it cannot be served. */
  readonly isNew: boolean;
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
  // What was taken back came from the file as it is: the file has had its turn. A file that could not serve has not.
  const fileHash = decision.version === undefined ? undefined : document.fileHash;
  return await takeOver(store, document, choice, tools.clock, {
    config,
    fileHash,
    objects: choice.withObjects ? loaded.objects : [],
    revision: choice.withObjects ? loaded.revision : 0,
  });
}

/** Without a store: the file by itself, as version 0. @throws ConfigError */
export async function takeOverFile(document: IStartDocument, tools: ITools): Promise<ITakeOver> {
  const config = await tools.compiler.compile(document, []);
  const snapshot = Object.freeze({ version: 0, revision: 0, config, appliedAtMs: tools.clock.nowMs(), by: 'file' });
  const { file, text, fileHash } = document;
  const serving = { snapshot, document: { file, text }, fileHash, objects: [] };
  return { serving, unsettled: undefined, isNew: false };
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
  laid: Pick<IServing, 'objects'> &
    Pick<IServing['snapshot'], 'config' | 'revision'> & { readonly fileHash: string | undefined },
): Promise<ITakeOver> {
  const { config, objects, revision, fileHash } = laid;
  const version =
    stored ??
    (await store.versions.append({
      text: document.text,
      hash: document.fileHash,
      source: 'file',
      by: 'file',
      comment: '',
    }));
  const snapshot = Object.freeze({
    version: version.version,
    revision,
    config,
    appliedAtMs: clock.nowMs(),
    by: version.by,
  });
  return {
    serving: {
      snapshot,
      document: { file: document.file, text: version.text },
      fileHash: fileHash ?? version.hash,
      objects,
    },
    unsettled: version.state === 'active' ? undefined : version.version,
    isNew: stored === undefined,
  };
}
