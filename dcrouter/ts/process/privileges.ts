/**
 * From root to a user who may do one thing more than others: bind ports below 1024.
 *
 * The process replaces itself by `setpriv` (util-linux) and that by the router again, with the same process id, before
 * anything is opened. So every file belongs to that user, threads and children never had more, and ports below 1024 can
 * be bound later, too, in this process and in its successors.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { StartError } from '../start-error.ts';

export interface IIdentity {
  readonly user?: string;
  readonly group?: string;
}

/** Where Debian, Fedora, Arch and Alpine (util-linux) have it. */
const setprivPaths = ['/usr/bin/setpriv', '/bin/setpriv'];

/** Whether this process has the user id 0. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * Becomes the configured user; does not return when the process is replaced.
 *
 * @param argv what follows the program's name on its command line
 * @throws StartError when that cannot be done
 */
export function becomeUser({ user, group }: IIdentity, argv: readonly string[]): void {
  if (user === undefined || process.platform === 'win32') return;
  const uid = idOf('-u', user);
  if (!isRoot()) {
    if (process.geteuid?.() === uid) return;
    throw new StartError(
      `process.user is '${user}', but only root can become another user; start as root or as '${user}', or leave it out`,
    );
  }
  if (uid === 0) throw new StartError(`process.user is '${user}', which is root; name an unprivileged user`);
  const setpriv = setprivPaths.find((path) => existsSync(path));
  if (setpriv === undefined || typeof process.execve !== 'function') {
    const missing =
      setpriv === undefined ? 'there is no setpriv (package util-linux)' : 'this Node has no process.execve';
    throw new StartError(
      `process.user: ${missing}; start the router as '${user}', with socket activation for low ports`,
    );
  }
  process.execve(setpriv, ['setpriv', ...setprivArguments(uid, groupId(user, group)), ...argv]);
}

/** What `setpriv` is called with; the program follows. */
export function setprivArguments(uid: number, gid: number): string[] {
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--init-groups',
    '--no-new-privs',
    '--inh-caps=-all,+net_bind_service',
    '--ambient-caps=-all,+net_bind_service',
    '--bounding-set=-all,+net_bind_service',
    '--',
  ];
}

/**
 * Proves that the process cannot become root again.
 *
 * @throws StartError when it can
 */
export function assertNoWayBack(): void {
  if (process.getuid?.() === 0 || process.setuid === undefined) return;
  try {
    process.setuid(0);
  } catch {
    return;
  }
  throw new StartError('the process could become root again: it was started with a saved user id of root');
}

function groupId(user: string, group: string | undefined): number {
  if (group === undefined) return idOf('-g', user);
  if (/^\d+$/.test(group)) return Number(group);
  const id = lookup('getent', ['group', group]).split(':')[2];
  if (id === undefined) throw new StartError(`process.group: there is no group '${group}'`);
  return Number(id);
}

function idOf(which: '-u' | '-g', user: string): number {
  const text = lookup('id', [which, user]);
  if (!/^\d+$/.test(text)) throw new StartError(`process.user: there is no user '${user}'`);
  return Number(text);
}

/** The output of a command that looks a name up; empty when it finds none. */
function lookup(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
