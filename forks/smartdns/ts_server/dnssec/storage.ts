/**
 * Where keys are kept.
 *
 * @module
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { signingAlgorithms } from './algorithms.ts';
import type { IStoredKey, TKeyRole } from './key.ts';

/** Keeps the keys of zones. A `save` that resolved must survive a crash. */
export interface IKeyStorage {
  /** Keys of a zone; none when it has no keys yet. */
  load(zone: string): Promise<IStoredKey[]>;
  /** Puts these keys in place of all others of the zone, at once. */
  save(zone: string, keys: readonly IStoredKey[]): Promise<void>;
}

/** Keys that end with the process: for tests and for zones without a parent's DS. */
export class MemoryKeyStorage implements IKeyStorage {
  readonly #zones = new Map<string, readonly IStoredKey[]>();

  load(zone: string): Promise<IStoredKey[]> {
    return Promise.resolve([...(this.#zones.get(zone) ?? [])]);
  }

  save(zone: string, keys: readonly IStoredKey[]): Promise<void> {
    this.#zones.set(zone, [...keys]);
    return Promise.resolve();
  }
}

const formatVersion = 1;
const roles: readonly TKeyRole[] = ['ksk', 'zsk', 'csk'];

/** One file per zone, readable by its owner alone, replaced by rename so that a crash leaves the old one or the new. */
export class FileKeyStorage implements IKeyStorage {
  readonly #folder: string;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws when the file is there but is no key file: a new key instead would break the zone at the parent. */
  async load(zone: string): Promise<IStoredKey[]> {
    const file = this.#fileOf(zone);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return parseKeys(text, file, zone);
  }

  async save(zone: string, keys: readonly IStoredKey[]): Promise<void> {
    // One write after the other: two renames must not overtake each other.
    const write = this.#lastWrite.then(() => this.#write(zone, keys));
    this.#lastWrite = write.catch(() => undefined);
    return write;
  }

  async #write(zone: string, keys: readonly IStoredKey[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#fileOf(zone);
    const draft = `${file}.${process.pid}.new`;
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ version: formatVersion, zone, keys }, null, 2)}\n`);
      await handle.sync();
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #fileOf(zone: string): string {
    const name = zone === '.' ? 'root' : encodeURIComponent(zone).replaceAll('*', '%2A');
    return join(this.#folder, `${name}.keys.json`);
  }
}

function parseKeys(text: string, file: string, zone: string): IStoredKey[] {
  const broken = (why: string): Error => new Error(`${file} is no key file: ${why}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no key file: it is no JSON`, { cause: error });
  }
  if (typeof content !== 'object' || content === null) throw broken('it is no object');
  const { version, zone: owner, keys } = content as Readonly<Record<string, unknown>>;
  if (version !== formatVersion) throw broken(`its version is ${String(version)}, not ${formatVersion}`);
  if (owner !== zone) throw broken(`it belongs to the zone ${String(owner)}`);
  if (!Array.isArray(keys)) throw broken('it has no list of keys');
  for (const key of keys as Array<Readonly<Record<string, unknown>>>) {
    if (!roles.includes(key['role'] as TKeyRole)) throw broken(`a key has the role ${String(key['role'])}`);
    if (!signingAlgorithms.includes(key['algorithm'] as IStoredKey['algorithm']))
      throw broken('an algorithm is unknown');
    if (typeof key['privateKey'] !== 'string') throw broken('a key has no private part');
    if (typeof key['publishedMs'] !== 'number') throw broken('a key has no time of publication');
  }
  return keys as IStoredKey[];
}
