// Whether this machine lets processes have a ring. Where it does not, the proxy must do without, and what needs one is left out.
import { acquireRing, releaseRing } from '../../ts/ring/rings.ts';

/** Why there is no ring here; false where there is one, as the option `skip` of a test wants it. */
export function ringMissing(): string | false {
  const ring = acquireRing();
  if (typeof ring === 'string') return ring;
  releaseRing();
  return false;
}
