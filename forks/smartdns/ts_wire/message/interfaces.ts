/**
 * A whole message as objects.
 *
 * @module
 */
import type { TWireErrorReason } from '../errors.ts';
import type { IResourceRecord } from '../rdata/interfaces.ts';

export interface IQuestion {
  /** Name as sent, letter case kept, without final dot; `.` is the root. */
  name: string;
  type: string;
  class: string;
}

export interface IEdnsOption {
  code: number;
  data: Buffer;
}

/** The OPT record's content (RFC 6891 §6.1.2, §6.1.3). */
export interface IEdns {
  /** Bytes the sender can receive by UDP; values under 512 mean 512 (RFC 6891 §6.2.3). */
  udpPayloadSize: number;
  version: number;
  /** DO (RFC 3225). */
  dnssecOk: boolean;
  options: IEdnsOption[];
}

export interface IDnsMessage {
  id: number;
  /** True in answers. */
  qr: boolean;
  opcode: number;
  aa: boolean;
  tc: boolean;
  rd: boolean;
  ra: boolean;
  ad: boolean;
  cd: boolean;
  /** Twelve bits: the header's four and, with EDNS, the OPT record's eight. */
  rcode: number;
  questions: IQuestion[];
  answers: IResourceRecord[];
  authorities: IResourceRecord[];
  /** Without the OPT record, which is `edns`. */
  additionals: IResourceRecord[];
  edns?: IEdns;
}

/** A packet that was understood. */
export interface IDecoded {
  ok: true;
  message: IDnsMessage;
  /** Offset after the message; bytes that follow are tolerated. */
  end: number;
}

/** A packet that was not, with what an error answer needs. */
export interface INotDecoded {
  ok: false;
  reason: TWireErrorReason;
  /** Null when not even the id is there; then nothing can be answered. */
  id: number | null;
  qr: boolean;
  opcode: number;
  rd: boolean;
  cd: boolean;
  /** Offset after the question section, 0 when it could not be read. */
  questionEnd: number;
}

export type TDecodeResult = IDecoded | INotDecoded;
