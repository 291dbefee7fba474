/** What `kubectl apply` without `--server-side` has left in an object: who used it before may apply its fields now. Pure. */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject, type JsonObject, jsonInOrder, parseJsonObject } from '../../resources/json.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import type { Decoded } from '../prepare.ts';
import { pruneObject } from '../prune.ts';
import { difference, type FieldSet, noFields, union } from './field-set.ts';
import { compare, fieldsOf } from './fields-of.ts';
import { merge } from './merge.ts';
import { viewOf, viewSchema } from './view.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager by whose name kubectl applies, unless it is told another. */
export const isKubectl = (manager: string): boolean => manager === 'kubectl';

/**
 * The fields that kubectl applied last on the client's side, and that nobody has changed since: applied once more they
 * would change nothing.
 * @param settled see Application
 */
export function lastAppliedFields(kind: AnyKind, stored: KubeObject, settled: (view: unknown) => unknown): FieldSet {
  const object = parseJsonObject(stored.metadata.annotations?.[annotation] ?? '');
  if (object === undefined) return noFields;
  const schema = viewSchema(kind);
  const live = viewOf(kind, stored, undefined);
  try {
    const restated = asStored(kind, object);
    if (restated === undefined) return noFields;
    const view = viewOf(kind, pruneObject(kind.schema, restated, kind).value, undefined);
    const { added, modified } = compare(schema, live, settled(merge(schema, live, view)));
    return difference(fieldsOf(schema, view), union(added, modified));
  } catch {
    // It could not be applied once more.
    return noFields;
  }
}

/** In the terms of the stored version; undefined: it is of a version that nobody knows. */
function asStored(kind: AnyKind, object: JsonObject): JsonObject | undefined {
  if (object.apiVersion === apiVersionOf(kind)) return object;
  const other = kind.otherVersions?.find(({ version }) => `${kind.group}/${version}` === object.apiVersion);
  return other === undefined ? undefined : (other.conversion?.toStored(object) ?? object);
}

/** Bytes of all annotations together, as in Kubernetes; a longer one is left out. */
const longest = 256 * 1024;

/** The annotation is kept true for clients that do not apply on the server's side. */
export function withLastApplied<T extends object>(object: T, config: Decoded): T {
  const { metadata } = object as unknown as KubeObject;
  if (metadata.annotations?.[annotation] === undefined) return object;
  const { [annotation]: _own, ...annotations } = metadata.annotations;
  const { annotations: given, ...rest } = config.metadata;
  const { [annotation]: _given, ...others } = isJsonObject(given) ? given : {};
  const kept = Object.keys(others).length === 0 ? {} : { annotations: others };
  const text = `${jsonInOrder({ ...config, metadata: { ...rest, ...kept } })}\n`;
  const next = Buffer.byteLength(text) > longest ? annotations : { ...annotations, [annotation]: text };
  return { ...object, metadata: { ...metadata, annotations: next } };
}
