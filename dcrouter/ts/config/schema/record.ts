/**
 * Records: data of every type that the DNS codec knows, as text of a master file or as the type's own fields.
 *
 * @module
 */
import {
  encodeCanonicalRecordData,
  findTypeNumber,
  isMetaType,
  parseRecordData,
  PresentationError,
  recordLayouts,
  recordTypes,
  WireEncodeError,
  type TKnownTypeName,
  type TRecordData,
} from '@dcrouter/smartdns/wire';
import { z } from 'zod';
import { text } from './common.ts';

/** Types that the server makes itself for signed zones. */
const SIGNING_TYPES = ['RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM'];
const TYPE_NAMES = Object.keys(recordTypes).filter(
  (name) => !isMetaType(findTypeNumber(name)) && !SIGNING_TYPES.includes(name),
);
/** RFC 2181 §8: a TTL is 31 bits, unsigned. */
export const ttl = z.int().min(0).max(2_147_483_647);

const recordType = z.union([
  z.enum(TYPE_NAMES as [string, ...string[]]),
  z.string().regex(/^TYPE\d{1,5}$/, { error: 'expected a record type such as A, MX or TYPE65280' }),
]);

export const record = z
  .strictObject({
    name: z.string().min(1).describe('Owner, relative to the zone unless it ends with a dot; `@` is the zone itself.'),
    type: recordType.describe('Record type.'),
    ttl: ttl.optional().describe("Seconds; default the zone's."),
    health: text(128).optional().describe('Name of a check: left out while it is down.'),
    data: z
      .union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
      .describe("As text of a master file, such as `10 mail`, or as the type's fields: `{ preference, exchange }`."),
  })
  .superRefine((value, context) => {
    const problem = dataProblem(value.type, value.data);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['data'], message: problem });
  });

/** Whether data of this type is text with names relative to a zone, rather than the type's own value. */
export function isTextData(type: string, data: unknown): data is string {
  if (typeof data !== 'string') return false;
  const layout = recordLayouts[type as TKnownTypeName];
  if (layout === undefined || layout.fields !== null) return true;
  // Types of one value, which is no text: the value is an object or a list.
  return ['location', 'prefixes', 'gateway', 'relay', 'hostIdentity'].includes(layout.bare);
}

/** What would be right in place of data that no record of the type can have; undefined for data that is. */
function dataProblem(type: string, data: unknown): string | undefined {
  try {
    const value = isTextData(type, data) ? parseRecordData(type, data, '.') : (data as TRecordData);
    encodeCanonicalRecordData(type, value);
    return undefined;
  } catch (error) {
    if (error instanceof WireEncodeError || error instanceof PresentationError || error instanceof TypeError) {
      return `expected ${dataExpectation(type)}: ${error.message}`;
    }
    throw error;
  }
}

function dataExpectation(type: string): string {
  const layout = recordLayouts[type as TKnownTypeName];
  if (layout === undefined) return 'data as \\# <length> <hex>';
  if (layout.fields === null) return BARE_WORDS[layout.bare] ?? `the data of ${type}`;
  const names = layout.fields.map(([name]) => name);
  return `text '${names.map((name) => `<${name}>`).join(' ')}' or { ${names.join(', ')} }`;
}

const BARE_WORDS: Readonly<Record<string, string>> = {
  ipv4: 'an ipv4 value',
  ipv6: 'an ipv6 value',
  name: 'a name',
  lowered: 'a name',
  strings: 'text or a list of texts',
};

export type TRecordConfig = z.output<typeof record>;
