/**
 * The hosts file: read once, looked at again when it may have changed.
 *
 * @module
 */
import { open } from 'node:fs/promises';
import { isIP } from 'node:net';
import { clientLimits } from '../limits/limits.ts';
import { reverseName } from '../names/names.ts';

interface IHostsTable {
  /** Addresses by lower-case name, in file order. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** The canonical (first) names by reverse name. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

const emptyTable: IHostsTable = { addresses: new Map(), names: new Map() };

/** The usual place of the hosts file on this platform. */
export const defaultHostsFile =
  process.platform === 'win32'
    ? `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts`
    : '/etc/hosts';

/** Looks names up in a hosts file. A file that cannot be read counts as empty, as with libc. */
export class HostsFile {
  readonly #path: string;
  #table: IHostsTable = emptyTable;
  #stamp = '';
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(path: string = defaultHostsFile) {
    this.#path = path;
  }

  /** The addresses of a name (lower case) of one family, 4 or 6; empty when the file does not hold the name. */
  async addresses(name: string, family: 4 | 6): Promise<string[]> {
    await this.#refresh();
    return (this.#table.addresses.get(name) ?? []).filter((address) => isIP(address) === family);
  }

  /** Whether the file holds the name at all. */
  async has(name: string): Promise<boolean> {
    await this.#refresh();
    return this.#table.addresses.has(name);
  }

  /** The names that a reverse name (`…in-addr.arpa`, lower case) leads to. */
  async names(reverse: string): Promise<readonly string[]> {
    await this.#refresh();
    return this.#table.names.get(reverse) ?? [];
  }

  async #refresh(): Promise<void> {
    if (performance.now() - this.#checkedAtMs < clientLimits.hostsCheckMs) return;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #load(): Promise<void> {
    try {
      const file = await open(this.#path, 'r');
      try {
        const { mtimeMs, size, ino } = await file.stat();
        const stamp = `${ino}:${size}:${mtimeMs}`;
        if (stamp !== this.#stamp) {
          const buffer = Buffer.alloc(Math.min(size, clientLimits.hostsBytesMax));
          const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
          this.#table = parseHosts(buffer.toString('latin1', 0, bytesRead));
          this.#stamp = stamp;
        }
      } finally {
        await file.close();
      }
    } catch {
      this.#table = emptyTable;
      this.#stamp = '';
    }
    this.#checkedAtMs = performance.now();
  }
}

/** Reads hosts(5) text: an address, then names; `#` starts a comment. */
export function parseHosts(text: string): IHostsTable {
  const addresses = new Map<string, string[]>();
  const names = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const fields = (line.split('#', 1)[0] ?? '').split(/\s+/).filter((field) => field !== '');
    const [address, canonical] = fields;
    if (address === undefined || canonical === undefined || isIP(address) === 0) continue;
    append(names, reverseName(address), canonical);
    for (const name of fields.slice(1)) append(addresses, name.toLowerCase(), address);
  }
  return { addresses, names };
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}
