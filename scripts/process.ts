// Runs a child process with this terminal; used by the task scripts.
import { spawn } from 'node:child_process';

/** Starts `command` with the terminal inherited and resolves to its exit code (1 when a signal ended it). */
export function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
