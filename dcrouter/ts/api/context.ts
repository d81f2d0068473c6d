/**
 * What the resources share: the sources, and the way on which changes are made.
 *
 * @module
 */
import { StoreUnavailableError } from '../store/errors.ts';
import type { IControl, IPlan, ISnapshot } from '../control/types.ts';
import type { IAuditEntry, IStore, IStoredObject, TObjectChange, TObjectKind } from '../store/types.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { IAsk } from './endpoint.ts';
import { assertConditions, type IConditions } from './etag.ts';
import { ApiError } from './problems.ts';
import type { IApiSources } from './sources.ts';
import type { Streams } from './streams/streams.ts';

export interface IAppliedAnswer {
  readonly dryRun: boolean;
  readonly version: number;
  readonly revision: number;
  readonly confirmByMs?: number;
  readonly plan: IPlan;
}

/** Any request, for what its handler does not care about. */
export type TAnyAsk = Pick<IAsk<unknown, unknown, unknown>, 'principal' | 'request' | 'reply'>;

export class ApiContext {
  readonly sources: IApiSources;
  readonly authenticator: Authenticator;
  readonly streams: Streams;

  constructor(sources: IApiSources, authenticator: Authenticator, streams: Streams) {
    this.sources = sources;
    this.authenticator = authenticator;
    this.streams = streams;
  }

  /** @throws ApiError `DCR_API_NOT_RUNNING` */
  control(): IControl {
    return running(this.sources.control(), 'this router was made without a control plane, so nothing can be changed');
  }

  /** @throws ApiError `DCR_API_NOT_RUNNING`, StoreUnavailableError */
  store(): IStore {
    const store = this.sources.store();
    if (store !== null) return store;
    if (this.sources.control() === null)
      throw new ApiError('DCR_API_NOT_RUNNING', 'this router was made without a store, so nothing is kept');
    throw new StoreUnavailableError('the store has not been reached since the start; try again when it is back');
  }

  /** The shared objects of a kind, by id. */
  objects(kind: TObjectKind): Map<string, IStoredObject> {
    const all = this.sources.control()?.objects ?? [];
    return new Map(all.filter((object) => object.kind === kind).map((object) => [object.id, object]));
  }

  /**
   * Only shared objects are changed here: what stands in the document is changed there.
   *
   * @param exists whether something of that name serves
   * @throws ApiError `DCR_API_IN_DOCUMENT`
   */
  assertOwn(kind: TObjectKind, id: string, exists: boolean): void {
    if (!exists || this.objects(kind).has(id)) return;
    const message = `${kind} '${id}' stands in the document; change it there (PUT /config), or choose another name`;
    throw new ApiError('DCR_API_IN_DOCUMENT', message);
  }

  /**
   * Changes shared objects, or only plans it.
   *
   * @param tagOf the tag of what is changed, asked again in the moment of the change
   */
  async change(
    ask: TAnyAsk & { readonly query: { readonly dryRun: boolean } },
    changes: readonly TObjectChange[],
    tagOf: (snapshot: ISnapshot) => string | undefined,
  ): Promise<IAppliedAnswer> {
    const control = this.control();
    const conditions = conditionsOf(ask);
    const guard = (snapshot: ISnapshot): void => assertConditions(conditions, tagOf(snapshot));
    if (ask.query.dryRun) {
      guard(control.snapshot);
      return answerOf(control.snapshot, await control.planObjects(changes), true);
    }
    const { snapshot, plan } = await control.applyObjects(changes, { by: ask.principal.by, guard });
    const tag = tagOf(snapshot);
    if (tag !== undefined) ask.reply.header('etag', tag);
    return answerOf(snapshot, plan, false);
  }

  /** Notes what was done that no change of the configuration notes by itself. */
  async audit(entry: Omit<IAuditEntry, 'id' | 'atMs' | 'node'>): Promise<void> {
    await this.sources
      .store()
      ?.audit.append(entry)
      .catch((error: unknown) => {
        this.sources.logger.error({ entry, error: String(error) }, 'audit entry not kept');
      });
  }
}

export function answerOf(snapshot: ISnapshot, plan: IPlan, dryRun: boolean): IAppliedAnswer {
  return { dryRun, version: snapshot.version, revision: snapshot.revision, plan };
}

export function conditionsOf({ request }: Pick<TAnyAsk, 'request'>): IConditions {
  return { ifMatch: request.headers['if-match'], ifNoneMatch: request.headers['if-none-match'] };
}

/** @throws ApiError `DCR_API_NOT_RUNNING` */
export function running<T>(part: T | null, message: string): T {
  if (part === null) throw new ApiError('DCR_API_NOT_RUNNING', message);
  return part;
}

/** @throws ApiError `DCR_API_NOT_FOUND` */
export function found<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new ApiError('DCR_API_NOT_FOUND', message);
  return value;
}
