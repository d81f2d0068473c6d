import { StoreUnavailableError } from '../../ts/store/errors.ts';
import { MemoryStore } from '../../ts/store/memory.ts';
import type { IStore } from '../../ts/store/types.ts';

export interface IFaultyStore extends IStore {
  /** While true, every operation fails as that of a database that is away. */
  away: boolean;
  /** Runs once before the next call of `<part>.<method>`; what it throws is that call's error. */
  before(call: string, work: () => void | Promise<void>): void;
  /** Runs once after the next such call has been kept; what it throws is the caller's answer. */
  after(call: string, work: () => void): void;
}

/** A store in memory that fails when the test says so. */
export function faultyStore(store: IStore = new MemoryStore({ node: 'test' })): IFaultyStore {
  const once = { before: new Map<string, () => void | Promise<void>>(), after: new Map<string, () => void>() };
  const state = { away: false };
  const take = <T>(from: Map<string, T>, call: string): T | undefined => {
    const work = from.get(call);
    from.delete(call);
    return work;
  };
  const wrap = <T extends object>(part: string, inner: T): T =>
    new Proxy(inner, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function' || name === 'onRevision') return method;
        return async (...args: unknown[]) => {
          const call = `${part}.${String(name)}`;
          await take(once.before, call)?.();
          if (state.away) throw new StoreUnavailableError('the database does not answer; try again later');
          const result: unknown = await Reflect.apply(method, target, args);
          take(once.after, call)?.();
          return result;
        };
      },
    });
  return {
    dialect: store.dialect,
    node: store.node,
    objects: wrap('objects', store.objects),
    versions: wrap('versions', store.versions),
    tokens: wrap('tokens', store.tokens),
    audit: wrap('audit', store.audit),
    materials: wrap('materials', store.materials),
    history: wrap('history', store.history),
    withLock: (name, work) => store.withLock(name, work),
    backup: (file) => store.backup(file),
    stats: () => store.stats(),
    close: async () => {},
    get away() {
      return state.away;
    },
    set away(value) {
      state.away = value;
    },
    before: (call, work) => once.before.set(call, work),
    after: (call, work) => once.after.set(call, work),
  };
}
