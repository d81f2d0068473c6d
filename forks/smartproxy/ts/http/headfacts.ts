/**
 * What `request-completed` tells of a request's head. Read only while somebody listens.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import { FIELD_STRIDE } from './head.ts';
import type { Head } from './head.ts';
import type { RequestInfo } from './request.ts';

const REFERER = 'referer';
const USER_AGENT = 'user-agent';
const TRACEPARENT = 'traceparent';

export class HeadFacts {
  referer: string | undefined = undefined;
  userAgent: string | undefined = undefined;
  traceId: string | undefined = undefined;

  clear(): void {
    this.referer = undefined;
    this.userAgent = undefined;
    this.traceId = undefined;
  }

  /** Of repeated fields the first counts; two `traceparent` fields name no trace (W3C Trace Context §3.2). */
  read(head: Head, info: RequestInfo): void {
    this.clear();
    let traces = 0;
    const { ranges, start: base } = head;
    for (let at = 0; at < head.fieldCount; at += 1) {
      const range = at * FIELD_STRIDE;
      const nameStart = ranges[range]!;
      const length = ranges[range + 1]! - nameStart;
      if (length !== REFERER.length && length !== USER_AGENT.length && length !== TRACEPARENT.length) continue;
      const name = info.text.slice(nameStart - base, nameStart - base + length).toLowerCase();
      if (name !== REFERER && name !== USER_AGENT && name !== TRACEPARENT) continue;
      const value = info.text.slice(ranges[range + 2]! - base, ranges[range + 3]! - base);
      if (name === REFERER) this.referer ??= value.slice(0, limits.toldFieldChars);
      else if (name === USER_AGENT) this.userAgent ??= value.slice(0, limits.toldFieldChars);
      else {
        traces += 1;
        this.traceId = traces === 1 ? traceIdOf(value) : undefined;
      }
    }
  }
}

/** `00-<trace id>-<parent id>-<flags>`; later versions may have more behind (W3C Trace Context §3.2, §4.3). */
const TRACE_FORM = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/**
 * The trace that a `traceparent` field names; undefined when it is not valid. The field itself is forwarded as it came
 * in either case: we are no participant of the trace, and the target restarts it where it must (§3.3, §4.3).
 */
export function traceIdOf(traceparent: string): string | undefined {
  const found = TRACE_FORM.exec(traceparent);
  // Version 00 has exactly four members.
  if (found === null || (found[1] === '00' && found[3] !== undefined)) return undefined;
  return found[2];
}
