/** What `kubectl apply` without `--server-side` has left in an object: who used it before may apply its fields now. Pure. */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject, jsonInOrder, parseJsonObject } from '../../resources/json.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import type { Decoded } from '../prepare.ts';
import { pruneObject } from '../prune.ts';
import { difference, type FieldSet, noFields, union } from './field-set.ts';
import { compare, fieldsOf } from './fields-of.ts';
import { viewOf, viewSchema } from './view.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager by whose name kubectl applies, unless it is told another. */
export const isKubectl = (manager: string): boolean => manager === 'kubectl';

/** The fields that kubectl applied last on the client's side, and that nobody has changed since. */
export function lastAppliedFields(kind: AnyKind, live: KubeObject): FieldSet {
  const object = parseJsonObject(live.metadata.annotations?.[annotation] ?? '');
  if (object === undefined || object.apiVersion !== apiVersionOf(kind)) return noFields;
  const schema = viewSchema(kind);
  const view = viewOf(kind, pruneObject(kind.schema, object, kind).value, undefined);
  const { added, modified, removed } = compare(schema, view, viewOf(kind, live, undefined));
  return difference(fieldsOf(schema, view), union(union(added, modified), removed));
}

/** The annotation is kept true for clients that do not apply on the server's side. */
export function withLastApplied<T extends object>(object: T, config: Decoded): T {
  const { metadata } = object as unknown as KubeObject;
  if (metadata.annotations?.[annotation] === undefined) return object;
  const { [annotation]: _own, ...annotations } = metadata.annotations;
  const { annotations: given, ...rest } = config.metadata;
  const { [annotation]: _given, ...others } = isJsonObject(given) ? given : {};
  const kept = Object.keys(others).length === 0 ? {} : { annotations: others };
  const text = `${jsonInOrder({ ...config, metadata: { ...rest, ...kept } })}\n`;
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [annotation]: text } } };
}
