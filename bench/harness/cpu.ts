// CPU time and memory of a process with all its threads and children, read from /proc.
import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks per second in /proc/<pid>/stat; Linux shows 100 to user space on every architecture we run on. */
const TICKS_PER_SECOND = 100;

function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may hold blanks and parentheses; the fields after it start at the last `)`.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** The process and everything below it. */
export function processTree(pid: number): number[] {
  const found: number[] = [];
  const waiting = [pid];
  while (waiting.length > 0) {
    const next = waiting.pop()!;
    found.push(next);
    try {
      for (const task of readdirSync(`/proc/${next}/task`)) {
        const children = readFileSync(`/proc/${next}/task/${task}/children`, 'utf8').trim();
        if (children !== '') waiting.push(...children.split(' ').map(Number));
      }
    } catch {
      // The process ended while we looked.
    }
  }
  return found;
}

/** User and system CPU seconds used so far by the process, its threads, its children and the children it waited for. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const member of processTree(pid)) {
    const fields = statFields(member);
    // utime, stime, cutime, cstime: proc(5) counts from 1, and two fields stand before the cut.
    if (fields) for (const field of [11, 12, 13, 14]) ticks += Number(fields[field]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory of the tree, in bytes, with pages shared between its processes counted in part. */
export function residentBytes(pid: number): number {
  let kib = 0;
  for (const member of processTree(pid)) {
    try {
      const text = readFileSync(`/proc/${member}/smaps_rollup`, 'utf8');
      kib += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // The process ended while we looked.
    }
  }
  return kib * 1024;
}
