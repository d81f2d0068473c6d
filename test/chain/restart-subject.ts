// The router as a program whose processes say when they serve and what they counted in the end.
import { readlinkSync, readdirSync } from 'node:fs';
import { runUntilSignal, type DcRouter } from '@dcrouter/dcrouter';

let counted: Pick<DcRouter, 'proxy' | 'dns'> | undefined;

function say(what: string, more: object = {}): void {
  process.stdout.write(`${what} ${JSON.stringify({ pid: process.pid, ...more })}\n`);
}

/** Sockets beside the standard streams, which may be sockets, too. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return Number(fd) > 2 && readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

const code = await runUntilSignal(process.argv[2]!, (router) => {
  counted = { proxy: router.proxy, dns: router.dns };
  say('SERVES');
});
say('ENDS', {
  code,
  sockets: sockets(),
  proxy: counted?.proxy?.stats.snapshot(),
  dns: counted?.dns?.stats.snapshot(),
});
process.exitCode = code;
