/**
 * Record data as upstream's text values.
 *
 * @module
 */
import { formatRecordData } from '#wire';
import type { IMxData, IResourceRecord, ISoaData, ISrvData, TText } from '#wire';

/** The data of a record as one line: upstream's formats where it has one, else the master file's (RFC 1035 §5.1). */
export function recordValue(record: IResourceRecord): string {
  const { type, data } = record;
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return String(data);
    case 'TXT':
      // A long text is several strings on the wire (RFC 1035 §3.3.14) that readers join (RFC 7208 §3.3).
      return joinText(Array.isArray(data) ? (data as TText[]) : [data as TText]);
    case 'MX': {
      const { preference, exchange } = data as IMxData;
      return `${preference} ${exchange}`;
    }
    case 'SRV': {
      const { priority, weight, port, target } = data as ISrvData;
      return `${priority} ${weight} ${port} ${target}`;
    }
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = data as ISoaData;
      return `${mname} ${rname} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
    default:
      return formatRecordData(type, data);
  }
}

/** Bytes are joined before they become characters: a character may lie across two strings. */
function joinText(parts: readonly TText[]): string {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))).toString('utf8');
}

const nameTypes = new Set(['NS', 'CNAME', 'PTR', 'DNAME', 'MX', 'SRV']);

/** Whether a record's value is what somebody expects: letter case and the final dot of names do not matter. */
export function valueMatches(type: string, value: string, expected: string): boolean {
  if (value === expected) return true;
  if (type === 'AAAA') return value.toLowerCase() === expected.toLowerCase();
  if (!nameTypes.has(type)) return false;
  return value.toLowerCase() === expected.toLowerCase().replace(/\.$/, '');
}
