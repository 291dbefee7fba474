/** Writing protobuf: just what an OpenAPI v2 document needs. */

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** A field of bytes: a string or a message. */
export function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);

/** A field for each element. */
export const repeated = (number: number, contents: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(contents.map((content) => field(number, content)));

/** Nothing for what is absent. */
export const maybe = <T>(value: T | undefined, write: (value: T) => Buffer): Buffer =>
  value === undefined ? Buffer.alloc(0) : write(value);

/** A map as messages {1: name, 2: value}. */
export const named = (number: number, entries: readonly (readonly [string, Buffer])[]): Buffer =>
  repeated(
    number,
    entries.map(([name, value]) => message(field(1, name), field(2, value))),
  );
