/**
 * Puts an answer on the wire: flags, question in the asker's letter case, EDNS, size.
 *
 * @module
 */
import { encodeMessage, ednsOptions, rcodes, type IDnsMessage } from '#wire';
import { paddingBlockBytes, udpBytesMax } from '../limits/index.ts';
import type { Exchange } from './exchange.ts';
import { cdBit, headerBytes, rdBit } from './header.ts';
import { flavourDnssec, flavourPlain } from './image.ts';
import type { DnsResponse } from './response.ts';

/** Octets of an option's code and length. */
const optionHeadBytes = 4;
/** The header has four bits for the code; the rest travels in OPT (RFC 6891 §6.1.3). */
const plainRcodeMax = 15;

/**
 * Encodes the answer to `exchange`, with TC set where it does not fit.
 *
 * @throws WireEncodeError for records that cannot be encoded
 */
export function encodeResponse(exchange: Exchange, response: DnsResponse): Buffer {
  const { answers, authorities, additionals } = response.view();
  const plain = exchange.flavour === flavourPlain;
  const message: IDnsMessage = {
    id: exchange.id,
    qr: true,
    opcode: 0,
    aa: response.authoritative,
    tc: false,
    rd: (exchange.flags & (rdBit << 8)) !== 0,
    ra: response.recursionAvailable,
    ad: response.authenticated,
    cd: (exchange.flags & cdBit) !== 0,
    rcode: plain && response.rcodeNumber > plainRcodeMax ? rcodes.SERVFAIL : response.rcodeNumber,
    questions: [{ name: exchange.domain, type: exchange.type, class: exchange.class }],
    answers,
    authorities,
    additionals,
  };
  if (!plain) {
    message.edns = {
      udpPayloadSize: udpBytesMax,
      version: 0,
      dnssecOk: exchange.flavour === flavourDnssec,
      options: answerOptions(exchange, response),
    };
  }
  let packet = encodeMessage(message, { maxBytes: exchange.bytesMax });
  if (exchange.padded && message.edns !== undefined) {
    message.edns.options.push({ code: ednsOptions.PADDING, data: paddingFor(packet.length) });
    packet = encodeMessage(message, { maxBytes: exchange.bytesMax });
  }
  // The first name of a message is never compressed: the same octets in the asker's letter case.
  exchange.packet.copy(packet, headerBytes, headerBytes, headerBytes + exchange.nameBytes);
  return packet;
}

function answerOptions(exchange: Exchange, response: DnsResponse): Array<{ code: number; data: Buffer }> {
  const options: Array<{ code: number; data: Buffer }> = [];
  if (exchange.cookie !== undefined) {
    options.push({ code: ednsOptions.COOKIE, data: exchange.cookie });
  }
  if (exchange.nsid !== undefined) {
    options.push({ code: ednsOptions.NSID, data: exchange.nsid });
  }
  if (response.extendedError >= 0) {
    const data = Buffer.alloc(2);
    data.writeUInt16BE(response.extendedError);
    options.push({ code: ednsOptions.EXTENDED_ERROR, data });
  }
  return options;
}

/** Zeros that fill an answer to a multiple of the recommended block (RFC 8467 §4.1), the option's own head counted. */
function paddingFor(bytes: number): Buffer {
  const rest = (bytes + optionHeadBytes) % paddingBlockBytes;
  return Buffer.alloc(rest === 0 ? 0 : paddingBlockBytes - rest);
}
