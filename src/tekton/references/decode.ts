/** The bytes that a resolver has found, as an object of the kind that was asked for. */

import type { AnyKind } from '../../client/client.ts';
import { errorMessage } from '../../resources/errors.ts';
import { inTime, TookTooLong } from '../../resources/in-time.ts';
import { isJsonObject } from '../../resources/json.ts';
import type { KubeObject } from '../../resources/meta.ts';

/** Thrown where the bytes are no object of the expected kind. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** How many aliases a YAML document may have, against documents that grow by them. */
const mostAliases = 100;

/** Milliseconds; a Task takes a few. */
const longest = 1000;

export type Decoded = Pick<KubeObject, 'metadata'> & { readonly spec: unknown };

/**
 * @param article as Tekton's message has it, e.g. `a task`
 * @throws DecodeError, StatusError where an older version says what the newer one cannot
 */
export async function decode(data: string, kind: AnyKind, article: string): Promise<Decoded> {
  const value = await firstDocument(Buffer.from(data, 'base64'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noKind();
  const { apiVersion, kind: name, metadata = {}, spec } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') throw noKind();
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(`${kind.group}/`))
    throw new DecodeError(
      `invalid runtime object: no kind "${name}" is registered for version "${String(apiVersion)}"`,
    );
  if (name !== kind.kind) throw new DecodeError(`resource is not ${article}`);
  if (!isMetadata(metadata)) throw new DecodeError('invalid runtime object: metadata holds something else than texts');
  const { conversion } = kind.otherVersions?.find(({ version }) => apiVersion === `${kind.group}/${version}`) ?? {};
  return conversion === undefined
    ? { metadata, spec }
    : (conversion.toStored({ metadata, spec }) as unknown as Decoded);
}

/** Checks the members of the metadata that are used. */
function isMetadata(value: unknown): value is Decoded['metadata'] {
  if (!isJsonObject(value)) return false;
  const { name, labels = {}, annotations = {} } = value;
  const texts = [labels, annotations].every((map) => isJsonObject(map) && Object.values(map).every(isText));
  return texts && (name === undefined || isText(name));
}

const isText = (value: unknown): boolean => typeof value === 'string';
const noKind = (): DecodeError => new DecodeError("invalid runtime object: Object 'Kind' is missing");

/** A resource is a file's first document. */
async function firstDocument(bytes: Buffer): Promise<unknown> {
  const { parseAllDocuments } = await import('yaml');
  const text = bytes.toString('utf8');
  const read = (): unknown => {
    // Keys are not held against each other: of many that takes for ever.
    const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' });
    const document = Array.isArray(documents) ? documents.find(({ contents }) => contents !== null) : undefined;
    if (document?.errors[0] !== undefined) throw document.errors[0];
    return document?.toJS({ maxAliasCount: mostAliases });
  };
  try {
    return inTime(longest, () => jsonOf(text) ?? read());
  } catch (error) {
    if (error instanceof TookTooLong) throw new DecodeError('invalid runtime object: it takes too long to read');
    throw new DecodeError(`invalid runtime object: ${errorMessage(error).split('\n')[0]}`);
  }
}

/** As the API itself writes resources: read far faster than YAML. */
function jsonOf(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
