/**
 * From a document and the shared objects to a configuration that may serve, and to what the change would do.
 *
 * @module
 */
import { differences } from '../config/diff.ts';
import { effects } from '../config/effects.ts';
import { validateWithObjects } from '../config/load.ts';
import { readConfigDocument } from '../config/read.ts';
import { needsRestart } from '../config/restart.ts';
import type { TConfig } from '../config/schema/index.ts';
import type { IStoredObject } from '../store/types.ts';
import { deepFreeze } from './serving.ts';
import type { IPlan } from './types.ts';

/** What the control plane asks of `config/`. */
export interface ICompiler {
  /**
   * The document with the objects laid over it, validated as a whole, frozen.
   *
   * @throws ConfigError
   */
  compile(
    document: { readonly file: string; readonly text: string },
    objects: readonly IStoredObject[],
  ): Promise<TConfig>;
  /** What differs, and what that would do. */
  plan(previous: TConfig, next: TConfig): IPlan;
  /** Settings of `next` that are not in effect in a router that was started with `started`. */
  pendingRestart(started: TConfig, next: TConfig): string[];
}

/** @param env - the variables that documents may name */
export function createCompiler(env: NodeJS.ProcessEnv): ICompiler {
  return {
    compile: async ({ file, text }, objects) =>
      deepFreeze(validateWithObjects(await readConfigDocument(file, env, text), objects)),
    plan: (previous, next) => ({ differences: differences(previous, next), effects: effects(previous, next) }),
    pendingRestart: needsRestart,
  };
}
