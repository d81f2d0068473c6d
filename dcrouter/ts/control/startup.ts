/**
 * What serves after a start: the file, or a version that the store holds. Decided from what is known, without doing
 * anything.
 *
 * @module
 */
import type { IDocumentVersion } from '../store/types.ts';

export type TKnownVersion = Pick<IDocumentVersion, 'version' | 'hash' | 'state'>;

export interface IStartDecision {
  /** The version of the store that serves; undefined: the file does, as a new version. */
  readonly version: number | undefined;
  /** The version that served last, in case that the file cannot; undefined before the first one. */
  readonly lastGood: number | undefined;
  /** Why, in the words of a log line. */
  readonly because: string;
  /** Versions that a crash left behind, and what they are settled as before anything else. */
  readonly settle: ReadonlyArray<{ readonly version: number; readonly state: 'failed' | 'reverted' }>;
}

/**
 * - A version that was pending at a crash never served as far as anybody was told: it failed.
 * - A version that was unconfirmed at a crash is reverted: the one before it serves.
 * - The file serves when it has changed since it was last taken over; otherwise what came after it serves on, so that
 *   what the API applied survives a restart.
 *
 * @param fileHash - of the file as it is now; every version carries the hash of the file that it came from or that it
 *   came after
 * @param versions - of this node, newest first
 */
export function decideStart(fileHash: string, versions: readonly TKnownVersion[]): IStartDecision {
  const settle: Array<IStartDecision['settle'][number]> = [];
  for (const { version, state } of versions) {
    if (state === 'pending') settle.push({ version, state: 'failed' });
    if (state === 'unconfirmed') settle.push({ version, state: 'reverted' });
  }
  const good = lastGood(versions);
  if (good === undefined)
    return { version: undefined, lastGood: undefined, because: 'the store holds no version that served', settle };
  const { version } = good;
  if (good.hash === fileHash) {
    const because = `the file has not changed since version ${version}`;
    return { version, lastGood: version, because, settle };
  }
  const takenBack = versions.find(
    (other) =>
      other.version > version &&
      other.hash === fileHash &&
      (other.state === 'unconfirmed' || other.state === 'reverted'),
  );
  if (takenBack !== undefined) {
    const because = `version ${takenBack.version}, which came from the file as it is, was not confirmed`;
    return { version, lastGood: version, because, settle };
  }
  return { version: undefined, lastGood: version, because: `the file has changed since version ${version}`, settle };
}

/** The active one; where an unconfirmed one had taken its place, the newest that was superseded. */
function lastGood(versions: readonly TKnownVersion[]): TKnownVersion | undefined {
  return (
    versions.find((version) => version.state === 'active') ?? versions.find((version) => version.state === 'superseded')
  );
}
