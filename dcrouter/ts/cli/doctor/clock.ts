import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { formatDuration, formatTime } from '../format.ts';
import { doctorLimits } from './limits.ts';
import { fault, notChecked, ok, warning, type ICheck, type IFinding } from './types.ts';

const REMEDY = 'sudo timedatectl set-ntp true';

/** Certificates, tokens and signatures depend on the time: it is kept by somebody, and has not been set back. */
export const clock: ICheck = {
  name: 'clock',
  run: async ({ file, nowMs }) => [...(await againstFiles(file, nowMs)), await againstKeeper()],
};

/** Nothing can have been written in the future. */
async function againstFiles(file: string | undefined, nowMs: number): Promise<IFinding[]> {
  const known = [process.execPath, import.meta.filename, ...(file === undefined ? [] : [file])];
  for (const each of known) {
    const time = (await stat(each).catch(() => undefined))?.mtimeMs ?? 0;
    const aheadMs = time - nowMs;
    if (aheadMs <= doctorLimits.clockAheadMs) continue;
    const message = `it is ${formatTime(nowMs)} UTC here, but ${each} was written ${formatDuration(aheadMs)} later`;
    return [fault(`${message}: the clock is behind`, `${REMEDY}; or, if only the file is wrong: touch ${each}`)];
  }
  return [ok(`${formatTime(nowMs)} UTC, not before anything that was written`)];
}

async function againstKeeper(): Promise<IFinding> {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: doctorLimits.probeMs });
    if (stdout.trim() === 'yes') return ok('synchronised by NTP');
    return warning('not synchronised by NTP', REMEDY);
  } catch {
    return notChecked('timedatectl does not answer, so nobody says whether NTP keeps the clock', 'compare it: date -u');
  }
}
