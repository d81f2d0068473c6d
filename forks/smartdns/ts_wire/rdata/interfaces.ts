/**
 * The shape of each type's data.
 *
 * Text is a string where the bytes are UTF-8 and a Buffer where they are not, so that nothing is lost. Bytes may be
 * given as a Buffer or Uint8Array, or as hexadecimal or base64 text, whichever the type's text form uses; they are
 * decoded as Buffers.
 *
 * @module
 */

/** Text of any bytes: a string, or a Buffer when the bytes are not UTF-8. */
export type TText = string | Buffer;

export interface IMxData {
  preference: number;
  exchange: string;
}

export interface ISrvData {
  priority: number;
  weight: number;
  port: number;
  target: string;
}

/** Times in seconds. */
export interface ISoaData {
  mname: string;
  rname: string;
  serial: number;
  refresh: number;
  retry: number;
  expire: number;
  minimum: number;
}

export interface ICaaData {
  flags: number;
  tag: TText;
  value: TText;
}

export interface IDsData {
  keyTag: number;
  algorithm: number;
  digestType: number;
  digest: Buffer | string;
}

export interface IDnskeyData {
  flags: number;
  protocol: number;
  algorithm: number;
  publicKey: Buffer | string;
}

/** `expiration` and `inception` are Unix seconds modulo 2^32 (RFC 4034 §3.1.5). */
export interface IRrsigData {
  typeCovered: string;
  algorithm: number;
  labels: number;
  originalTtl: number;
  expiration: number;
  inception: number;
  keyTag: number;
  signerName: string;
  signature: Buffer | string;
}

export interface INsecData {
  nextDomain: string;
  types: string[];
}

export interface INsec3Data {
  algorithm: number;
  flags: number;
  iterations: number;
  salt: Buffer | string;
  nextHashedOwner: Buffer | string;
  types: string[];
}

export interface INsec3ParamData {
  algorithm: number;
  flags: number;
  iterations: number;
  salt: Buffer | string;
}

export interface ITlsaData {
  usage: number;
  selector: number;
  matchingType: number;
  certificate: Buffer | string;
}

export interface ISshfpData {
  algorithm: number;
  type: number;
  fingerprint: Buffer | string;
}

export interface INaptrData {
  order: number;
  preference: number;
  flags: TText;
  services: TText;
  regexp: TText;
  replacement: string;
}

export interface IHinfoData {
  cpu: TText;
  os: TText;
}

export interface IRpData {
  mbox: string;
  txt: string;
}

export interface IAfsdbData {
  subtype: number;
  hostname: string;
}

export interface IKxData {
  preference: number;
  exchanger: string;
}

export interface ICertData {
  type: number;
  keyTag: number;
  algorithm: number;
  certificate: Buffer | string;
}

export interface IUriData {
  priority: number;
  weight: number;
  target: TText;
}

export interface IZonemdData {
  serial: number;
  scheme: number;
  algorithm: number;
  digest: Buffer | string;
}

export interface ICsyncData {
  serial: number;
  flags: number;
  types: string[];
}

/**
 * Service parameters by their registered names (RFC 9460 §14.3.2); others as `keyN` with raw bytes.
 */
export interface ISvcParams {
  'mandatory'?: string[];
  'alpn'?: TText[];
  'no-default-alpn'?: true;
  'port'?: number;
  'ipv4hint'?: string[];
  'ech'?: Buffer | string;
  'ipv6hint'?: string[];
  'dohpath'?: TText;
  'ohttp'?: true;
  [key: `key${number}`]: Buffer;
}

/** Data of SVCB and HTTPS; priority 0 is the alias form. */
export interface ISvcbData {
  priority: number;
  target: string;
  params: ISvcParams;
}

/** Degrees (north and east positive) and metres (RFC 1876 §2). */
export interface ILocData {
  latitude: number;
  longitude: number;
  altitude: number;
  size: number;
  horizontalPrecision: number;
  verticalPrecision: number;
}

/** One item of an APL record (RFC 3123); family 1 is IPv4, 2 is IPv6; other families carry raw bytes. */
export interface IAplItem {
  family: number;
  prefixLength: number;
  negate: boolean;
  address: string | Buffer;
}

/** `gatewayType`: 0 none, 1 IPv4, 2 IPv6, 3 name (RFC 4025 §2.3). */
export interface IIpseckeyData {
  precedence: number;
  gatewayType: number;
  algorithm: number;
  gateway: string;
  publicKey: Buffer | string;
}

/** `relayType` as the gateway type of IPSECKEY (RFC 8777 §4.2). */
export interface IAmtrelayData {
  precedence: number;
  discoveryOptional: boolean;
  relayType: number;
  relay: string;
}

export interface IHipData {
  algorithm: number;
  hit: Buffer | string;
  publicKey: Buffer | string;
  servers: string[];
}

/** `timeSigned` in Unix seconds, 48 bits (RFC 8945 §4.2). */
export interface ITsigData {
  algorithm: string;
  timeSigned: number;
  fudge: number;
  mac: Buffer | string;
  originalId: number;
  error: number;
  otherData: Buffer | string;
}

/** Data by type mnemonic, for narrowing. */
export interface IRecordDataByType {
  A: string;
  AAAA: string;
  NS: string;
  CNAME: string;
  PTR: string;
  DNAME: string;
  MX: IMxData;
  TXT: TText | TText[];
  SPF: TText | TText[];
  SRV: ISrvData;
  SOA: ISoaData;
  CAA: ICaaData;
  DS: IDsData;
  CDS: IDsData;
  DNSKEY: IDnskeyData;
  CDNSKEY: IDnskeyData;
  RRSIG: IRrsigData;
  NSEC: INsecData;
  NSEC3: INsec3Data;
  NSEC3PARAM: INsec3ParamData;
  TLSA: ITlsaData;
  SMIMEA: ITlsaData;
  SSHFP: ISshfpData;
  NAPTR: INaptrData;
  HINFO: IHinfoData;
  RP: IRpData;
  AFSDB: IAfsdbData;
  KX: IKxData;
  CERT: ICertData;
  URI: IUriData;
  ZONEMD: IZonemdData;
  CSYNC: ICsyncData;
  SVCB: ISvcbData;
  HTTPS: ISvcbData;
  LOC: ILocData;
  APL: IAplItem[];
  IPSECKEY: IIpseckeyData;
  AMTRELAY: IAmtrelayData;
  HIP: IHipData;
  TSIG: ITsigData;
  OPENPGPKEY: Buffer | string;
  DHCID: Buffer | string;
  EUI48: string;
  EUI64: string;
}

/**
 * Data of the types that have a layout but no name of their own here (MINFO, GPOS, TKEY, …): fields as the layout
 * table lists them.
 */
export interface IOtherData {
  readonly [field: string]: string | number | Buffer | TText[] | undefined;
}

/** Data of any record. Types without a layout have a Buffer (RFC 3597). */
export type TRecordData = IRecordDataByType[keyof IRecordDataByType] | Buffer | IOtherData;

/** A record. */
export interface IResourceRecord {
  /** Owner without final dot; `.` is the root. */
  name: string;
  /** Mnemonic, or `TYPEn`. */
  type: string;
  /** `IN`, `CH`, … or `CLASSn`. */
  class: string;
  /** Seconds, 0…2^31-1. */
  ttl: number;
  data: TRecordData;
}

/** A record of a type that is known when the code is written. */
export interface ITypedRecord<T extends keyof IRecordDataByType> extends IResourceRecord {
  type: T;
  data: IRecordDataByType[T];
}

/** Whether a record has the given type; narrows its data. */
export function isRecordType<T extends keyof IRecordDataByType>(
  record: IResourceRecord,
  type: T,
): record is ITypedRecord<T> {
  return record.type === type;
}
