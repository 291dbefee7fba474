/** Reading request bodies: JSON, YAML, and the protobuf of Kubernetes' own typed clients. */

import type { IncomingMessage } from 'node:http';
import { errorMessage } from '../../resources/errors.ts';
import { badRequest, statusError } from '../../resources/status.ts';

/** Bytes; as Kubernetes. */
const largestObject = 3 * 2 ** 20;

const tooLarge = (limit: number) =>
  statusError('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`, {});

/** @throws StatusError RequestEntityTooLarge */
export async function readBytes(req: IncomingMessage, limit = largestObject): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the connection: the answer has still to go out.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

export const mediaTypeOf = (req: IncomingMessage): string =>
  (req.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();

const protobufType = 'application/vnd.kubernetes.protobuf';

/**
 * The body as a value; undefined when it is empty.
 * @throws StatusError BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export async function readValue(req: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(req);
  if (bytes.length === 0) return undefined;
  const type = mediaTypeOf(req);
  if (type === protobufType) return (await import('./protobuf/decode.ts')).decodeObject(bytes);
  if (type.includes('cbor'))
    throw statusError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${protobufType}`,
    );
  return type.includes('yaml') ? parseYaml(bytes.toString()) : parseJson(bytes.toString());
}

/** @throws StatusError BadRequest */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the object provided is not valid JSON: ${errorMessage(error)}`);
  }
}

/** YAML, of which JSON is a part: kubectl sends JSON under a YAML type. @throws StatusError BadRequest */
export async function parseYaml(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    const { parse } = await import('yaml');
    try {
      return parse(text);
    } catch (error) {
      throw badRequest(`error converting YAML to JSON: ${errorMessage(error)}`);
    }
  }
}
