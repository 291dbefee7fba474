/** Frames of SPDY/3 as bytes, both ways. Pure; header blocks stay compressed. */

const flags = { fin: 1, unidirectional: 2 } as const;

/** Of RST_STREAM. */
export const resetCodes = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
} as const;

/** Of GOAWAY. */
export const goAwayCodes = { ok: 0, protocolError: 1, internalError: 2 } as const;

export type Frame =
  /** A part of a frame as it has come; `fin` with the last one. */
  | { readonly type: 'data'; readonly streamId: number; readonly bytes: Buffer; readonly fin: boolean }
  | { readonly type: 'synStream'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'synReply' | 'headers'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'rstStream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastStreamId: number; readonly status: number }
  | { readonly type: 'windowUpdate'; readonly streamId: number; readonly delta: number }
  | { readonly type: 'settings' };

/** The peer does not keep to the protocol: nothing that follows can be understood. */
export class SpdyError extends Error {
  override readonly name = 'SpdyError';
}

const version = 3;
const headLength = 8;
/** Bytes of a control frame; ours have some hundred. */
const maxControl = 16 * 1024;
const types = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 };

/** Holds no more than one control frame: data is handed on as it comes. */
export class FrameParser {
  #held: Buffer = Buffer.alloc(0);
  /** The data frame that has not arrived completely. */
  #data: { readonly streamId: number; readonly fin: boolean; left: number } | undefined;

  /** @throws SpdyError */
  *parse(chunk: Buffer): Generator<Frame> {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (true) {
      if (this.#data !== undefined) {
        const { streamId, fin, left } = this.#data;
        if (bytes.length === 0 && left > 0) return;
        const part = bytes.subarray(0, left);
        bytes = bytes.subarray(part.length);
        this.#data.left -= part.length;
        const whole = this.#data.left === 0;
        if (whole) this.#data = undefined;
        yield { type: 'data', streamId, bytes: part, fin: fin && whole };
        continue;
      }
      if (bytes.length < headLength) break;
      const isControl = (bytes[0]! & 0x80) !== 0;
      const length = bytes.readUIntBE(5, 3);
      if (!isControl) {
        this.#data = { streamId: idAt(bytes, 0), fin: (bytes[4]! & flags.fin) !== 0, left: length };
        bytes = bytes.subarray(headLength);
        continue;
      }
      if ((bytes.readUInt16BE(0) & 0x7fff) !== version) throw new SpdyError('not version 3 of SPDY');
      if (length > maxControl) throw new SpdyError(`a control frame of ${length} bytes`);
      if (bytes.length < headLength + length) break;
      const frame = control(bytes.readUInt16BE(2), bytes[4]!, bytes.subarray(headLength, headLength + length));
      bytes = bytes.subarray(headLength + length);
      if (frame !== undefined) yield frame;
    }
    // A copy: the chunk may be a large one.
    this.#held = Buffer.from(bytes);
  }
}

const idAt = (bytes: Buffer, offset: number): number => bytes.readUInt32BE(offset) & 0x7fffffff;

/** Undefined: of a type that is not known, which is to be passed over. @throws SpdyError */
function control(type: number, flagBits: number, body: Buffer): Frame | undefined {
  const fin = (flagBits & flags.fin) !== 0;
  const atLeast = (length: number): void => {
    if (body.length < length) throw new SpdyError(`a control frame of type ${type} with ${body.length} bytes`);
  };
  switch (type) {
    case types.synStream:
      atLeast(10);
      return { type: 'synStream', streamId: idAt(body, 0), fin, block: Buffer.from(body.subarray(10)) };
    case types.synReply:
    case types.headers:
      atLeast(4);
      return {
        type: type === types.synReply ? 'synReply' : 'headers',
        streamId: idAt(body, 0),
        fin,
        block: Buffer.from(body.subarray(4)),
      };
    case types.rstStream:
      atLeast(8);
      return { type: 'rstStream', streamId: idAt(body, 0), status: body.readUInt32BE(4) };
    case types.ping:
      atLeast(4);
      return { type: 'ping', id: body.readUInt32BE(0) };
    case types.goAway:
      atLeast(8);
      return { type: 'goAway', lastStreamId: idAt(body, 0), status: body.readUInt32BE(4) };
    case types.windowUpdate:
      atLeast(8);
      return { type: 'windowUpdate', streamId: idAt(body, 0), delta: idAt(body, 4) };
    case types.settings:
      return { type: 'settings' };
    default:
      return undefined;
  }
}

function controlFrame(type: number, flagBits: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(type, 2);
  head[4] = flagBits;
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => {
    bytes.writeUInt32BE(number >>> 0, 4 * index);
  });
  return bytes;
}

/** Asks for a stream; what a client does. */
export const synStream = (streamId: number, block: Buffer): Buffer =>
  controlFrame(types.synStream, 0, Buffer.concat([words(streamId, 0), Buffer.alloc(2), block]));

export const synReply = (streamId: number, block: Buffer): Buffer =>
  controlFrame(types.synReply, 0, Buffer.concat([words(streamId), block]));

export const rstStream = (streamId: number, status: number): Buffer =>
  controlFrame(types.rstStream, 0, words(streamId, status));

export const ping = (id: number): Buffer => controlFrame(types.ping, 0, words(id));

export const goAway = (lastStreamId: number, status: number): Buffer =>
  controlFrame(types.goAway, 0, words(lastStreamId, status));

/** What stands before the bytes of a data frame, at most 16 MiB - 1. */
export function dataHead(streamId: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt32BE(streamId, 0);
  head[4] = fin ? flags.fin : 0;
  head.writeUIntBE(length, 5, 3);
  return head;
}
