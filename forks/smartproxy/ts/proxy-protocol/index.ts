/** @module */
export { ProxyProtocolError } from './error.ts';
export { generateV1, generateV2, type IProxyAnnouncement, type IProxyV2Options } from './generate.ts';
export { TLV, type IProxyHeader, type IProxyTlv, type TProxyFault, type TProxyParse } from './header.ts';
export { parseProxyHeader } from './parse.ts';
export { ProxyProtocolParser, type IProxyInfo, type IProxyParseResult } from './parser.ts';
