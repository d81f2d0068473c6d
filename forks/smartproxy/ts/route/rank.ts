/**
 * Which of two matching routes wins. Priority first; then how specific the match is, the domain before the path as in
 * every web server; then the order of configuration. Upstream also sorts by priority and then by a sum of weights over
 * the same properties; its weights are not published, so routes of equal priority may be ordered differently there.
 *
 * A route with several domains is ranked under each of them apart, so that its wildcard does not profit from its names.
 *
 * @module
 */
import type { CompiledRoute } from './compiled.ts';
import { DOMAIN_KIND_RANK, type IDomainPattern } from './domain.ts';
import { PATH_KIND_RANK } from './path.ts';

/** Negative when `a` is asked before `b`. */
export function compareCandidates(
  a: { route: CompiledRoute; domain: IDomainPattern | null },
  b: { route: CompiledRoute; domain: IDomainPattern | null },
): number {
  return b.route.priority - a.route.priority || compareSpecificity(a, b) || a.route.index - b.route.index;
}

function compareSpecificity(
  a: { route: CompiledRoute; domain: IDomainPattern | null },
  b: { route: CompiledRoute; domain: IDomainPattern | null },
): number {
  return (
    domainRank(b.domain) - domainRank(a.domain) ||
    (b.domain?.text.length ?? 0) - (a.domain?.text.length ?? 0) ||
    pathRank(b.route) - pathRank(a.route) ||
    (b.route.path?.literal.length ?? 0) - (a.route.path?.literal.length ?? 0) ||
    (b.route.path?.source.length ?? 0) - (a.route.path?.source.length ?? 0) ||
    (b.route.headers?.length ?? 0) - (a.route.headers?.length ?? 0) ||
    flag(b.route.clientIps) - flag(a.route.clientIps) ||
    flag(b.route.methods) - flag(a.route.methods) ||
    flag(b.route.tlsVersions) - flag(a.route.tlsVersions)
  );
}

function domainRank(domain: IDomainPattern | null): number {
  return domain === null ? 0 : DOMAIN_KIND_RANK[domain.kind];
}

function pathRank(route: CompiledRoute): number {
  return PATH_KIND_RANK[route.path?.kind ?? 'none'];
}

function flag(value: object | null): number {
  return value === null ? 0 : 1;
}
