/**
 * The DNS wire codec: messages, names, numbers and text, without dependencies.
 *
 * @module
 */
export { WireDecodeError, WireEncodeError } from './errors.ts';
export type { TWireEncodeReason, TWireErrorReason } from './errors.ts';
export {
  characterStringBytesMax,
  headerBytes,
  labelBytesMax,
  messageBytesMax,
  nameBytesMax,
  plainUdpBytesMax,
  ttlMax,
} from './limits.ts';
export { findTypeNumber, isMetaType, recordTypes, typeToName, typeToNumber } from './numbers/types.ts';
export type { TKnownTypeName } from './numbers/types.ts';
export {
  classToName,
  classToNumber,
  dnssecAlgorithms,
  ednsOptions,
  extendedErrors,
  findAlgorithmNumber,
  findClassNumber,
  opcodeToName,
  opcodes,
  rcodeToName,
  rcodes,
  recordClasses,
} from './numbers/codes.ts';
export { lowerCase, nameFromWire, nameToCanonicalWire, nameToWire } from './names/bytes.ts';
export {
  canonicalKey,
  compareNames,
  equalNames,
  firstLabel,
  isName,
  isNormalSubdomain,
  isSubdomain,
  isWildcardName,
  joinName,
  labelCount,
  normalizeName,
  parentName,
  splitLabels,
} from './names/names.ts';
export { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './names/addresses.ts';
export type * from './rdata/interfaces.ts';
export { isRecordType } from './rdata/interfaces.ts';
export { layouts as recordLayouts } from './rdata/layouts.ts';
export type { TField, TFieldKind, TLayout } from './rdata/layouts.ts';
export { decodeRecordData } from './rdata/read.ts';
export { encodeCanonicalRecordData, encodeRecordData } from './rdata/write.ts';
export { findSvcParamKey, svcParamKeys, svcParamName } from './rdata/svcparams.ts';
export { formatBase32, parseBase32 } from './rdata/values.ts';
export type {
  IDecoded,
  IDnsMessage,
  IEdns,
  IEdnsOption,
  INotDecoded,
  IQuestion,
  TDecodeResult,
} from './message/interfaces.ts';
export { flagAa, flagAd, flagCd, flagQr, flagRa, flagRd, flagTc } from './message/header.ts';
export { decodeMessage } from './message/decode.ts';
export { encodeMessage, encodeMessageInto } from './message/encode.ts';
export type { IEncodeOptions } from './message/encode.ts';
export { QuestionReader, questionErrorReasons, questionOk } from './message/question-reader.ts';
export { WireWriter } from './message/writer.ts';
export { PresentationError } from './text/errors.ts';
export { formatGeneric, formatRecordData } from './text/format-data.ts';
export { formatRecord, parseRecord, parseRecordData } from './text/record.ts';
export type { IParseRecordOptions } from './text/record.ts';
export { formatName } from './text/strings.ts';
export { formatZone, parseZone } from './text/zone.ts';
export type { IParsedZone, IParseZoneOptions, IZoneTextError } from './text/zone.ts';
export {
  clientSubnetOption,
  cookieOption,
  extendedErrorOption,
  findOption,
  keepaliveOption,
  nsidOption,
  paddingOption,
  queryPaddingBytes,
  readClientSubnet,
  readCookie,
  readExtendedError,
  readKeepalive,
  responsePaddingBytes,
} from './edns/options.ts';
export type { IClientSubnet, ICookie, IExtendedError } from './edns/options.ts';
