/**
 * What is counted, in a few lines.
 *
 * @module
 */
import type { IStats } from './answers.ts';
import { formatBytes, formatDuration, formatNumber } from './format.ts';
import { plainText, type TPaint } from './style.ts';

const COUNTS_SHOWN = 8;

export function statsText({ proxy, dns }: IStats, paint: TPaint): string {
  const lines: string[] = [];
  const say = (title: string, text: string): unknown =>
    lines.push(`${paint('bold', title.padEnd(14))}${plainText(text)}`);
  if (proxy !== null) {
    const { totals, tls } = proxy;
    say(
      'proxy',
      `${proxy.activeConnections} open, ${totals.connections} connections in ${formatDuration(proxy.uptimeSeconds * 1_000)}`,
    );
    say('  requests', `${totals.requests}, ${formatNumber(proxy.requestsPerSecond)} per second`);
    say('  bytes', `${formatBytes(totals.bytesIn)} in, ${formatBytes(totals.bytesOut)} out`);
    say('  refused', `${totals.rejected}${counts(proxy.rejectReasons)}`);
    say('  ended', `${totals.errors} in error${counts(proxy.terminationReasons)}`);
    say('  tls', `${tls.handshakes} handshakes, ${tls.resumptions} resumed${counts(tls.failures)}`);
  }
  if (dns !== null) {
    const { totals, cache } = dns;
    say('dns', `${totals.received} queries, ${formatNumber(dns.queriesPerSecond)} per second`);
    say('  answered', `${totals.answered}${counts(dns.rcodes)}`);
    say('  dropped', `${totals.dropped}${counts(dns.dropsByReason)}`);
    say('  types', counts(dns.types).replace(/^: /, '') || 'none');
    say('  cache', `${cache.hits} hits, ${cache.misses} misses`);
  }
  return lines.length === 0 ? 'neither proxy nor DNS server runs' : lines.join('\n');
}

/** `: reason 5, other 2`, the largest first; what is 0 is left out. */
export function counts(record: Readonly<Record<string, number>>): string {
  const known = Object.entries(record)
    .filter(([, count]) => count > 0)
    .sort(([, left], [, right]) => right - left);
  if (known.length === 0) return '';
  const shown = known.slice(0, COUNTS_SHOWN).map(([name, count]) => `${name} ${count}`);
  return `: ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}`;
}
