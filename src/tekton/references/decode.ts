/** The bytes that a resolver has found, as an object of the kind that was asked for. */

import type { AnyKind } from '../../client/client.ts';
import type { KubeObject } from '../../resources/meta.ts';

/** What was found is no object, or one of another kind. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** What aliases may multiply a document by; a Task has few or none. */
const mostAliases = 100;

export type Decoded = Pick<KubeObject, 'metadata'> & { readonly spec: unknown };

/**
 * @param article as Tekton's message has it, e.g. `a task`
 * @throws DecodeError
 */
export async function decode(data: string, kind: AnyKind, article: string): Promise<Decoded> {
  const value = await firstDocument(Buffer.from(data, 'base64'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DecodeError("invalid runtime object: Object 'Kind' is missing");
  const { apiVersion, kind: name, metadata = {}, spec } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name === '')
    throw new DecodeError("invalid runtime object: Object 'Kind' is missing");
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(`${kind.group}/`))
    throw new DecodeError(
      `invalid runtime object: no kind "${name}" is registered for version "${String(apiVersion)}"`,
    );
  if (name !== kind.kind) throw new DecodeError(`resource is not ${article}`);
  if (typeof metadata !== 'object' || metadata === null)
    throw new DecodeError('invalid runtime object: metadata is not an object');
  const old = apiVersion.endsWith('/v1beta1') && kind.version === 'v1';
  return { metadata: metadata as Decoded['metadata'], spec: old ? renamed(spec) : spec };
}

/** A resource is a file's first document. */
async function firstDocument(bytes: Buffer): Promise<unknown> {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(bytes.toString('utf8'), { uniqueKeys: true, logLevel: 'silent' });
  const document = Array.isArray(documents) ? documents.find(({ contents }) => contents !== null) : undefined;
  if (document === undefined) throw new DecodeError("invalid runtime object: Object 'Kind' is missing");
  const [fault] = document.errors;
  if (fault !== undefined) throw new DecodeError(`invalid runtime object: ${fault.message.split('\n')[0]}`);
  try {
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    throw new DecodeError(`invalid runtime object: ${(error as Error).message}`);
  }
}

/** v1beta1 says `resources` where v1 says `computeResources`. */
function renamed(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, key));
  if (typeof value !== 'object' || value === null) return value;
  const holder = key === 'steps' || key === 'sidecars' || key === 'stepTemplate';
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) =>
      holder && name === 'resources' ? ['computeResources', item] : [name, descends(name) ? renamed(item, name) : item],
    ),
  );
}

const descends = (name: string): boolean =>
  ['steps', 'sidecars', 'stepTemplate', 'taskSpec', 'pipelineSpec', 'tasks', 'finally'].includes(name);
