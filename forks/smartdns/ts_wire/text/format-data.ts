/**
 * Record data as text.
 *
 * @module
 */
import { typeToNumber } from '../numbers/types.ts';
import type {
  IAmtrelayData,
  IAplItem,
  IHipData,
  IIpseckeyData,
  ILocData,
  ISvcParams,
  TText,
} from '../rdata/interfaces.ts';
import { findLayout } from '../rdata/layouts.ts';
import type { TFieldKind } from '../rdata/layouts.ts';
import { decodeRecordData } from '../rdata/read.ts';
import { formatBase32 } from '../rdata/values.ts';
import { encodeRecordData } from '../rdata/write.ts';
import { formatName, formatTime, quoteText } from './strings.ts';
import { formatSvcParams } from './svcparams.ts';

type TFieldFormatter = (value: never) => string;

function formatStrings(values: readonly TText[]): string {
  return values.map((value) => quoteText(value)).join(' ');
}

function formatHex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

function formatCounted(bytes: Buffer): string {
  return bytes.length === 0 ? '0' : `${bytes.length} ${bytes.toString('base64')}`;
}

/** `d m s.sss N` of degrees, exact to the format's thousandth of an arc second. */
function formatDegrees(degrees: number, positive: string, negative: string): string {
  const units = Math.round(Math.abs(degrees) * 3_600_000);
  const whole = Math.floor(units / 3_600_000);
  const minutes = Math.floor(units / 60_000) % 60;
  const seconds = (units % 60_000) / 1000;
  return `${whole} ${minutes} ${seconds.toFixed(3)} ${degrees < 0 ? negative : positive}`;
}

function formatLocation(data: ILocData): string {
  const metres = [data.altitude, data.size, data.horizontalPrecision, data.verticalPrecision];
  const latitude = formatDegrees(data.latitude, 'N', 'S');
  const longitude = formatDegrees(data.longitude, 'E', 'W');
  return `${latitude} ${longitude} ${metres.map((value) => `${value.toFixed(2)}m`).join(' ')}`;
}

function formatPrefixes(items: readonly IAplItem[]): string {
  return items
    .map((item) => `${item.negate ? '!' : ''}${item.family}:${item.address.toString()}/${item.prefixLength}`)
    .join(' ');
}

function formatEndpoint(type: number, value: string): string {
  return type === 3 ? formatName(value) : value;
}

function formatGateway(data: IIpseckeyData): string {
  const { precedence, gatewayType, algorithm } = data;
  const key = (data.publicKey as Buffer).toString('base64');
  const gateway = formatEndpoint(gatewayType, data.gateway);
  return `${precedence} ${gatewayType} ${algorithm} ${gateway}${key === '' ? '' : ` ${key}`}`;
}

function formatRelay(data: IAmtrelayData): string {
  const relay = formatEndpoint(data.relayType, data.relay);
  return `${data.precedence} ${data.discoveryOptional ? 1 : 0} ${data.relayType} ${relay}`;
}

function formatHostIdentity(data: IHipData): string {
  const key = (data.publicKey as Buffer).toString('base64');
  const servers = data.servers.map((server) => ` ${formatName(server)}`).join('');
  return `${data.algorithm} ${formatHex(data.hit as Buffer)} ${key}${servers}`;
}

const formatters: Readonly<Record<TFieldKind, TFieldFormatter>> = {
  u8: String,
  u16: String,
  u32: String,
  ttl: String,
  time: (value: number) => formatTime(value),
  u48: String,
  type: String,
  algorithm: String,
  certificate: String,
  ipv4: String,
  ipv6: String,
  name: formatName,
  lowered: formatName,
  plain: formatName,
  string: quoteText,
  tag: String,
  strings: formatStrings,
  optionalString: (value: TText | undefined) => (value === undefined ? '' : quoteText(value)),
  text: quoteText,
  hex: formatHex,
  base64: (value: Buffer) => value.toString('base64'),
  salt: (value: Buffer) => (value.length === 0 ? '-' : formatHex(value)),
  hash: formatBase32,
  base64Counted: formatCounted,
  locator: String,
  eui48: String,
  eui64: String,
  types: (value: readonly string[]) => value.join(' '),
  svcParams: (value: ISvcParams) => formatSvcParams(value),
  location: formatLocation,
  prefixes: formatPrefixes,
  gateway: formatGateway,
  relay: formatRelay,
  hostIdentity: formatHostIdentity,
};

/**
 * Text of a record's data, names with their final dot. Types without a text form, and data whose text form would be
 * ambiguous, are written in the generic form (RFC 3597 §5).
 *
 * @throws WireEncodeError for data that is no data of the type.
 */
export function formatRecordData(type: string | number, data: unknown): string {
  const number = typeToNumber(type);
  const wire = encodeRecordData(number, data);
  const layout = findLayout(number);
  if (layout === undefined) return formatGeneric(wire);
  // Through the wire and back: the formatters see each value in its one decoded form.
  const decoded: unknown = decodeRecordData(number, wire);
  if (layout.fields === null) {
    return hasText(layout.bare, decoded) ? formatters[layout.bare](decoded as never) : formatGeneric(wire);
  }
  const values = decoded as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const [name, kind] of layout.fields) {
    if (!hasText(kind, values[name])) return formatGeneric(wire);
    const text = formatters[kind](values[name] as never);
    if (text !== '') parts.push(text);
  }
  return parts.join(' ');
}

/** Whether a value can be told from its text. */
function hasText(kind: TFieldKind, value: unknown): boolean {
  if (kind === 'hex' || kind === 'base64') return (value as Buffer).length > 0;
  if (kind === 'tag') return /^[a-zA-Z0-9]+$/.test(String(value));
  if (kind === 'hash') return (value as Buffer).length > 0;
  if (kind === 'prefixes') return (value as IAplItem[]).every((item) => item.family === 1 || item.family === 2);
  if (kind === 'hostIdentity') {
    const data = value as IHipData;
    return data.hit.length > 0 && data.publicKey.length > 0;
  }
  return true;
}

/** `\# LENGTH HEX`. */
export function formatGeneric(wire: Uint8Array): string {
  const hex = Buffer.from(wire.buffer, wire.byteOffset, wire.length).toString('hex').toUpperCase();
  return wire.length === 0 ? '\\# 0' : `\\# ${wire.length} ${hex}`;
}
