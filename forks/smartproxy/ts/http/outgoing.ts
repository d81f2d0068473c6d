/**
 * The request head as one target gets it: forwarded fields, header edits, path rewriting, upgrades.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { forwardedLines } from '../headers/forwarded.ts';
import type { PolicyHeaders } from '../policy/headers.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import type { ExchangeState } from './exchangestate.ts';
import { FIELD } from './fields.ts';
import { FIELD_STRIDE } from './head.ts';
import type { Head } from './head.ts';
import type { RequestInfo } from './request.ts';
import { forwardRequestHead } from './rewrite.ts';

/** Fields about the client that all its requests carry; made once per connection. */
export function clientFields(connection: Connection): string {
  const { clientIp, localPort, isTls } = connection;
  const proto = isTls ? 'https' : 'http';
  return `X-Forwarded-For: ${clientIp}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${localPort}\r\n`;
}

/** The usual request: only our fields are added. */
export function plainRequest(info: RequestInfo, head: Head, fields: string, targetName: string): string {
  const host = info.authority === '' ? `Host: ${targetName}\r\n` : `X-Forwarded-Host: ${info.authority}\r\n`;
  return forwardRequestHead(info, head, info.target, `${fields}${host}${upgradeLines(info)}`);
}

/** A request under a policy with edits of its own. */
export function editedRequest(
  info: RequestInfo,
  head: Head,
  exchange: ExchangeState,
  policy: TargetPolicy,
  targetName: string,
  context: () => IRouteContext,
  policyHeaders: PolicyHeaders | null,
): string {
  const { authority } = info;
  const { connection } = exchange;
  const { clientIp, localPort, isTls } = connection;
  const edits = info.upgrade === '' ? policy.requestEdits : policy.upgradeEdits;
  if (edits !== null) dropEdited(head, info.drop, (start, end) => edits.drops(info.text, start, end), info);
  const { subjectHeader } = policy;
  // Never what the client says of itself, also where it has no certificate.
  if (subjectHeader !== '') {
    dropEdited(head, info.drop, (start, end) => info.text.slice(start, end).toLowerCase() === subjectHeader, info);
  }
  let tail = authority === '' && !edits?.names.includes('host') ? `Host: ${targetName}\r\n` : '';
  tail += forwardedLines({ clientIp, authority, isTls, localPort }, policy.forwarded, edits?.names);
  if (exchange.idLine !== '' && !exchange.engine.requestIds!.isEditedBy(edits)) tail += exchange.idLine;
  if (edits !== null) tail += edits.lines(context);
  if (subjectHeader !== '' && connection.clientSubject !== '') {
    tail += `${policy.subjectHeader}: ${headerText(connection.clientSubject)}\r\n`;
  }
  if (policyHeaders !== null) tail = policyHeaders.appendTo(tail);
  const target = rewriteTarget(info, policy, context);
  return forwardRequestHead(info, head, target, tail + upgradeLines(info));
}

/** Marks the fields that edits replace. Framing fields are not theirs to touch. */
export function dropEdited(
  head: Head,
  drop: Uint8Array,
  drops: (start: number, end: number) => boolean,
  info: { drops: number },
): void {
  const base = head.start;
  for (let at = 0; at < head.fieldCount; at += 1) {
    const number = head.numbers[at];
    if (drop[at] !== 0 || number === FIELD.contentLength || number === FIELD.transferEncoding) continue;
    const range = at * FIELD_STRIDE;
    if (!drops(head.ranges[range]! - base, head.ranges[range + 1]! - base)) continue;
    drop[at] = 1;
    info.drops += 1;
  }
}

/** Text as a latin1 field value of visible bytes. */
function headerText(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e\x80-\xff]/g, ' ');
}

function upgradeLines(info: RequestInfo): string {
  return info.upgrade === '' ? '' : `Connection: Upgrade\r\nUpgrade: ${info.upgrade}\r\n`;
}

/** Whatever a rewrite makes must still be one request target: visible ASCII, from the root. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/;

function rewriteTarget(info: RequestInfo, policy: TargetPolicy, context: () => IRouteContext): string {
  let { target } = info;
  const query = target.indexOf('?');
  const webSocketPath = info.upgrade === '' ? undefined : policy.webSocket?.rewritePath;
  if (webSocketPath !== undefined) target = webSocketPath + (query === -1 ? '' : target.slice(query));
  const { rewrite } = policy;
  if (rewrite !== null) {
    const subject = rewrite.onlyPath && query !== -1 ? target.slice(0, query) : target;
    const rest = target.slice(subject.length);
    const template = rewrite.target.render(context());
    target = subject.replace(rewrite.pattern, template) + rest;
  }
  return ORIGIN_FORM.test(target) || target === '*' ? target : info.target;
}
