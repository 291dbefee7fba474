/** A generic decoder of Kubernetes' protobuf request bodies into JSON objects, driven by messages.ts. */

import { badRequest, statusError } from '../../../resources/status.ts';
import { type Field, type Message, messageOf, topLevel } from './messages.ts';

type JsonObject = Record<string, unknown>;

class Reader {
  private position = 0;
  constructor(private readonly bytes: Buffer) {}

  get done(): boolean {
    return this.position >= this.bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw badRequest('protobuf: unexpected end');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw badRequest('protobuf: integer overflow');
  }

  take(length: number): Buffer {
    const end = this.position + length;
    if (end > this.bytes.length) throw badRequest('protobuf: unexpected end');
    const slice = this.bytes.subarray(this.position, end);
    this.position = end;
    return slice;
  }

  /** The value of one field: an integer, or bytes. */
  value(wireType: number): bigint | Buffer {
    if (wireType === 0) return this.varint();
    if (wireType === 2) return this.take(Number(this.varint()));
    if (wireType === 1) return this.take(8);
    if (wireType === 5) return this.take(4);
    throw badRequest(`protobuf: illegal wire type ${wireType}`);
  }
}

function* fieldsOf(bytes: Buffer): Iterable<[number: number, value: bigint | Buffer]> {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = Number(reader.varint());
    yield [tag >>> 3, reader.value(tag & 7)];
  }
}

const empty: Buffer = Buffer.alloc(0);
const asBytes = (value: bigint | Buffer): Buffer => (Buffer.isBuffer(value) ? value : empty);
const asNumber = (value: bigint | Buffer): number => (Buffer.isBuffer(value) ? 0 : Number(BigInt.asIntN(64, value)));

/** RFC 3339; an empty message is Go's zero time, which JSON has no field for. */
function decodeTime(bytes: Buffer, micro: boolean): string | undefined {
  let seconds = 0;
  let nanos = 0;
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 1) seconds = asNumber(value);
    if (number === 2) nanos = asNumber(value);
  }
  if (seconds === 0 && nanos === 0) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return micro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}

/** FieldsV1: JSON within bytes. */
function decodeRaw(bytes: Buffer): unknown {
  for (const [number, value] of fieldsOf(bytes)) if (number === 1) return JSON.parse(asBytes(value).toString());
  return undefined;
}

/** A number for people, as text. */
function decodeQuantity(bytes: Buffer): string {
  for (const [number, value] of fieldsOf(bytes)) if (number === 1) return asBytes(value).toString();
  return '0';
}

function decodeIntOrString(bytes: Buffer): number | string {
  let isText = false;
  let integer = 0;
  let text = '';
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 1) isText = asNumber(value) === 1;
    if (number === 2) integer = asNumber(value);
    if (number === 3) text = asBytes(value).toString();
  }
  return isText ? text : integer;
}

function decodeValue(type: string, value: bigint | Buffer): unknown {
  switch (type) {
    case 's':
      return asBytes(value).toString();
    case 'i':
      return asNumber(value);
    case 'b':
      return value !== 0n;
    case 'bytes':
      return asBytes(value).toString('base64');
    case 'Time':
    case 'MicroTime':
      return decodeTime(asBytes(value), type === 'MicroTime');
    case 'Quantity':
      return decodeQuantity(asBytes(value));
    case 'IntOrString':
      return decodeIntOrString(asBytes(value));
    case 'FieldsV1':
      return decodeRaw(asBytes(value));
    default:
      return decodeMessage(messageOf(type)!, asBytes(value));
  }
}

/** A map entry is a message {1: key, 2: value}; either is absent when it is its type's zero. */
function decodeEntry(type: string, bytes: Buffer): [string, unknown] {
  let key = '';
  let value: bigint | Buffer = empty;
  for (const [number, part] of fieldsOf(bytes)) {
    if (number === 1) key = asBytes(part).toString();
    if (number === 2) value = part;
  }
  return [key, decodeValue(type, value)];
}

/** What Go's `omitempty` leaves out; clients send zero values of what is no pointer. */
const isZero = (value: unknown): boolean =>
  value === undefined || value === '' || value === 0 || value === false || isEmptyObject(value);
const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

function decodeMessage(message: Message, bytes: Buffer): JsonObject {
  const object: JsonObject = {};
  for (const [number, value] of fieldsOf(bytes)) {
    const field = message.get(number);
    if (field !== undefined) assign(object, field, value);
  }
  return object;
}

function assign(object: JsonObject, field: Field, value: bigint | Buffer): void {
  if (field.map) {
    const [key, entry] = decodeEntry(field.type, asBytes(value));
    object[field.name] ??= {};
    (object[field.name] as JsonObject)[key] = entry;
    return;
  }
  const decoded = decodeValue(field.type, value);
  if (field.inline) {
    Object.assign(object, decoded);
    return;
  }
  if (field.repeated) {
    object[field.name] ??= [];
    (object[field.name] as unknown[]).push(decoded);
  } else if (field.pointer || !isZero(decoded)) object[field.name] = decoded;
}

const magic = Buffer.from('k8s\0');

/**
 * Decodes a body of `application/vnd.kubernetes.protobuf`: "k8s\0" and a runtime.Unknown.
 * @throws StatusError BadRequest; UnsupportedMediaType for kinds whose messages are not known here
 */
export function decodeObject(body: Buffer): JsonObject {
  if (!body.subarray(0, 4).equals(magic)) throw badRequest('provided data does not appear to be a protobuf message');
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = empty;
  for (const [number, value] of fieldsOf(body.subarray(4))) {
    if (number === 2) raw = asBytes(value);
    if (number !== 1) continue;
    for (const [part, text] of fieldsOf(asBytes(value))) {
      if (part === 1) apiVersion = asBytes(text).toString();
      if (part === 2) kind = asBytes(text).toString();
    }
  }
  const name = kind === 'DeleteOptions' ? kind : topLevel[`${apiVersion}/${kind}`];
  if (name === undefined)
    throw statusError(
      'UnsupportedMediaType',
      `protobuf is not supported for ${apiVersion}, Kind=${kind}: send application/json`,
    );
  return { apiVersion, kind, ...decodeMessage(messageOf(name)!, raw) };
}
