/**
 * The format of compressed logs: gzip members, one after the other, each of one block of the log, with its lengths in a
 * field of its own. `zcat` reads it; here any place of the log is found without reading what is before it.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';

// Both run on threads of libuv.
const deflate = promisify<Buffer, { level: number }, Buffer>(deflateRaw);
const inflate = promisify<Buffer, Buffer>(inflateRaw);

/** Bytes of the log in one member. */
export const blockBytes = 256 * 1024;
/** Fast: a block takes about 3 ms, and of a log a tenth to a fifth is left. */
const level = 3;

/** RFC 1952: magic number, deflate, FEXTRA, no time, no flags, unknown system; 20 bytes of extra fields, ours of 16. */
const fixed = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 20, 0, 0x4b, 0x46, 16, 0]);
const headBytes = fixed.length + 16;
const footBytes = 8;

interface Head {
  /** Bytes of the member, head and foot included. */
  readonly memberBytes: number;
  /** Bytes of the log in it. */
  readonly bytes: number;
  /** When the log's file was made; milliseconds since the epoch. */
  readonly born: number;
}

export async function packBlock(block: Buffer, born: number): Promise<Buffer> {
  const body = await deflate(block, { level });
  const head = Buffer.alloc(headBytes);
  fixed.copy(head);
  head.writeUInt32LE(headBytes + body.length + footBytes, fixed.length);
  head.writeUInt32LE(block.length, fixed.length + 4);
  head.writeDoubleLE(born, fixed.length + 8);
  const foot = Buffer.alloc(footBytes);
  foot.writeUInt32LE(crc32(block), 0);
  foot.writeUInt32LE(block.length, 4);
  return Buffer.concat([head, body, foot]);
}

async function readHead(file: FileHandle, at: number): Promise<Head | undefined> {
  const head = Buffer.alloc(headBytes);
  const { bytesRead } = await file.read(head, 0, headBytes, at);
  if (bytesRead === 0) return undefined;
  if (bytesRead < headBytes || !head.subarray(0, fixed.length).equals(fixed))
    throw new Error('the compressed log is damaged');
  return {
    memberBytes: head.readUInt32LE(fixed.length),
    bytes: head.readUInt32LE(fixed.length + 4),
    born: head.readDoubleLE(fixed.length + 8),
  };
}

/** When the log in this file was begun; undefined when it is not there. */
export async function creationTimeOf(path: string): Promise<number | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    return (await readHead(file, 0).catch(() => undefined))?.born ?? 0;
  } finally {
    await file.close();
  }
}

interface Member {
  /** In the compressed file. */
  readonly at: number;
  readonly memberBytes: number;
  /** In the log. */
  readonly start: number;
  readonly bytes: number;
}

/** Reads a compressed log at places of the log itself, like the handle of a file that is not compressed. */
export class CompressedLog {
  readonly #file: FileHandle;
  /** As far as heads have been read. */
  readonly #members: Member[] = [];
  #complete = false;
  #last: { readonly member: Member; readonly content: Buffer } | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws ENOENT */
  static async open(path: string): Promise<CompressedLog> {
    return new CompressedLog(await open(path, 'r'));
  }

  /** Fewer bytes than asked for only at the end of the log. */
  async read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    let bytesRead = 0;
    while (bytesRead < length) {
      const place = position + bytesRead;
      const member = await this.#memberAt(place);
      if (member === undefined) break;
      const content = await this.#content(member);
      bytesRead += content.copy(
        buffer,
        offset + bytesRead,
        place - member.start,
        place - member.start + length - bytesRead,
      );
    }
    return { bytesRead };
  }

  /** The log's uncompressed size in bytes, and when it was last written. */
  async stat(): Promise<{ readonly size: number; readonly mtimeMs: number }> {
    while (await this.#nextMember());
    const { mtimeMs } = await this.#file.stat();
    return { size: this.#end, mtimeMs };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  get #end(): number {
    const last = this.#members.at(-1);
    return last === undefined ? 0 : last.start + last.bytes;
  }

  async #memberAt(place: number): Promise<Member | undefined> {
    while (place >= this.#end) if (!(await this.#nextMember())) return undefined;
    let low = 0;
    let high = this.#members.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#members[middle]!.start <= place) low = middle;
      else high = middle - 1;
    }
    return this.#members[low];
  }

  async #nextMember(): Promise<boolean> {
    if (this.#complete) return false;
    const last = this.#members.at(-1);
    const at = last === undefined ? 0 : last.at + last.memberBytes;
    const head = await readHead(this.#file, at);
    if (head === undefined) this.#complete = true;
    else this.#members.push({ at, memberBytes: head.memberBytes, start: this.#end, bytes: head.bytes });
    return head !== undefined;
  }

  async #content(member: Member): Promise<Buffer> {
    if (this.#last?.member === member) return this.#last.content;
    const body = Buffer.allocUnsafe(member.memberBytes - headBytes - footBytes);
    await this.#file.read(body, 0, body.length, member.at + headBytes);
    const content = await inflate(body);
    if (content.length !== member.bytes) throw new Error('the compressed log is damaged');
    this.#last = { member, content };
    return content;
  }
}
