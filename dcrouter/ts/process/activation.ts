/**
 * Socket activation: systemd opens the sockets and hands them to the process it starts (sd_listen_fds(3)).
 *
 * @module
 */
import { boundSockets } from './bound.ts';
import { processLimits } from './limits.ts';
import type { IInheritedSocket } from './sockets.ts';

/** SD_LISTEN_FDS_START. */
const firstFd = 3;
/** What systemd calls a descriptor without a name. */
const unnamed = 'unknown';

/**
 * Takes the sockets that `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` announce to this process, and removes the
 * variables, so that no child takes them for its own.
 */
export function activatedSockets(env: NodeJS.ProcessEnv = process.env, pid = process.pid): IInheritedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = env;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete env[name];
  // Variables that were meant for a parent of ours say nothing about our descriptors.
  if (Number(LISTEN_PID) !== pid) return [];
  const count = Number(LISTEN_FDS);
  if (!Number.isInteger(count) || count < 1) return [];
  const fds = Array.from({ length: Math.min(count, processLimits.inheritedMax) }, (_, index) => firstFd + index);
  const names = LISTEN_FDNAMES.split(':');
  const bound = boundSockets(fds);
  return fds.map((fd, index) => ({ fd, name: names[index] || unnamed, ...bound.get(fd) }));
}
