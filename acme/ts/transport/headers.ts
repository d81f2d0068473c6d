/**
 * Response fields that ACME gives a meaning.
 *
 * @module
 */
import * as limits from '../limits/limits.ts';

/**
 * Retry-After (RFC 9110 §10.2.3) in milliseconds from `nowMs`, between 0 and a week; undefined when absent or unreadable.
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const waitMs = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, 0), limits.retryAfterMsMax);
}

const linkPattern = /<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:"[^"]*"|[^\s";,]+))*)/g;

/** Targets of Link fields (RFC 8288) with one relation, resolved against `base`. */
export function linkTargets(value: string | undefined, relation: string, base: string): string[] {
  if (value === undefined) return [];
  const targets: string[] = [];
  for (const [, target = '', parameters = ''] of value.matchAll(linkPattern)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))/i.exec(parameters);
    const relations = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/);
    if (relations.includes(relation) && URL.canParse(target, base)) targets.push(new URL(target, base).href);
  }
  return targets;
}
