// Other bounds for one test: what takes minutes or a full heap otherwise happens at once.
import type { TestContext } from 'node:test';
import { limits } from '../../ts/limits/limits.ts';

type TBounds = { -readonly [Name in keyof typeof limits]?: number };

const pristine = { ...limits };

/** Sets bounds of the engine until the test is over; the result sets them back before that. */
export function setBounds(t: TestContext, bounds: TBounds): () => void {
  const before = { ...limits };
  const restore = (): void => {
    Object.assign(limits, before);
  };
  Object.assign(limits, bounds);
  // Not to what was before, which an earlier call of the same test may have set.
  t.after(() => void Object.assign(limits, pristine));
  return restore;
}
