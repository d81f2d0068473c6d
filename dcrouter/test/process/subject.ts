// The router as a program, for tests that start it in another process's way.
import { runUntilSignal } from '@dcrouter/dcrouter';

process.exitCode = await runUntilSignal(process.argv[2]!, () => {
  const status = process.getuid?.();
  process.stdout.write(`SERVES ${JSON.stringify({ pid: process.pid, uid: status, env: Object.keys(process.env) })}\n`);
});
