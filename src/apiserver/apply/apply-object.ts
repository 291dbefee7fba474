/**
 * Server-side apply: a client says what he wants of an object, the server keeps who wants what. An object that nobody
 * has applied so bears no `metadata.managedFields`, and its writes are not followed. Pure.
 */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject, type JsonObject, jsonEqual } from '../../resources/json.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import type { Decoded } from '../prepare.ts';
import { isKubectl, lastAppliedFields, withLastApplied } from './last-applied.ts';
import { type ManagedFields, type Manager, type Operation, readManagedFields, writeManagedFields } from './managers.ts';
import { applied, updated } from './tracking.ts';
import { viewOf, viewSchema, withView } from './view.ts';

/** Who writes, and where to. */
export interface Writer {
  readonly name: string;
  /** Default: the object itself. */
  readonly subresource?: 'status';
  /** RFC 3339. */
  readonly time: string;
}

const managerOf = (kind: AnyKind, operation: Operation, { name, subresource }: Writer): Manager => ({
  name,
  operation,
  apiVersion: apiVersionOf(kind),
  ...(subresource === undefined ? {} : { subresource }),
});

/** Whose an object's fields are that was never applied before. */
const beforeFirstApply = 'before-first-apply';

/** A new object, with nothing in it that anybody could manage. */
const nothing = { metadata: {} };

export interface ApplyRequest {
  readonly kind: AnyKind;
  /** Undefined: it is to be made. */
  readonly stored: KubeObject | undefined;
  readonly config: Decoded;
  readonly writer: Writer;
  /** Takes what others manage. */
  readonly force: boolean;
  /** An object as it would be stored: defaults filled in. @throws StatusError where it could not */
  readonly prepared: (object: JsonObject) => KubeObject;
}

/** @throws StatusError Conflict with the fields that others manage, and what `prepared` throws */
export function applyTo(request: ApplyRequest): KubeObject {
  const { kind, stored, config, writer, force, prepared } = request;
  const { subresource, time } = writer;
  const schema = viewSchema(kind);
  const live = stored === undefined ? nothing : viewOf(kind, stored, subresource);
  const bodyOf = (view: unknown): JsonObject => withView(kind, stored ?? config, subresource, view as JsonObject);
  const settled = (view: unknown): JsonObject => viewOf(kind, prepared(bodyOf(view)), subresource);
  const isKubectls = isKubectl(writer.name) && subresource === undefined && stored !== undefined;
  const { object, managed } = applied({
    schema,
    live,
    config: configView(kind, config, subresource),
    managed: managersBefore(request, live),
    manager: managerOf(kind, 'Apply', writer),
    time,
    force,
    settled,
    ...(isKubectls ? { mayTake: () => lastAppliedFields(kind, stored, settled) } : {}),
  });
  const body = bodyOf(object);
  return withManagedFields(prepared(isKubectls ? withLastApplied(body, config) : body), writeManagedFields(managed));
}

/** Who manages what before an apply: of an object that was never applied whoever there was has all of it. */
function managersBefore({ kind, stored, writer }: ApplyRequest, live: JsonObject): readonly ManagedFields[] {
  const known = readManagedFields(stored?.metadata.managedFields) ?? [];
  if (known.length > 0 || stored === undefined) return known;
  const earlier = managerOf(kind, 'Update', { ...writer, name: beforeFirstApply });
  return updated(viewSchema(kind), nothing, live, [], earlier, writer.time);
}

/** Metadata that says nothing is nobody's wish. */
function configView(kind: AnyKind, config: Decoded, subresource: 'status' | undefined): JsonObject {
  const { metadata, ...rest } = viewOf(kind, config, subresource);
  return isJsonObject(metadata) && Object.keys(metadata).length > 0 ? { metadata, ...rest } : rest;
}

/**
 * `next`, which is to be stored in place of `stored` (undefined: it is made), with the managers after this write.
 * @param writerOf asked where there is something to follow
 * @param given the `managedFields` that the client sent, which may change them; of `[{}]` nobody is followed any more
 */
export function followed(
  kind: AnyKind,
  stored: KubeObject | undefined,
  next: KubeObject,
  given: unknown,
  writerOf: () => Writer,
): KubeObject {
  const before = stored?.metadata.managedFields;
  if (before === undefined && given === undefined) return next;
  const writer = writerOf();
  const sent = writer.subresource === undefined && given !== before ? given : undefined;
  if (Array.isArray(sent) && sent.length === 1 && jsonEqual(sent[0], {})) return withManagedFields(next, []);
  const managed = managedBefore(before, sent);
  if (managed.length === 0) return withManagedFields(next, []);
  const { subresource, time } = writer;
  const live = stored === undefined ? nothing : viewOf(kind, stored, subresource);
  const after = viewOf(kind, next, subresource);
  const manager = managerOf(kind, 'Update', writer);
  return withManagedFields(next, writeManagedFields(updated(viewSchema(kind), live, after, managed, manager, time)));
}

/** What cannot be read, or is empty, is taken for a client that knows nothing of it. */
function managedBefore(stored: unknown, sent: unknown): readonly ManagedFields[] {
  const managed = readManagedFields(sent) ?? [];
  return managed.length > 0 ? managed : (readManagedFields(stored) ?? []);
}

export function withManagedFields<T extends KubeObject>(object: T, managedFields: readonly object[]): T {
  const { managedFields: _old, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

/** Whether two states of an object differ in nothing but the times of their managers. */
export function sameButTimes(left: KubeObject, right: KubeObject): boolean {
  if (left.metadata.managedFields === undefined || right.metadata.managedFields === undefined)
    return jsonEqual(left, right);
  return jsonEqual(timeless(left), timeless(right));
}

const timeless = (object: KubeObject): KubeObject =>
  withManagedFields(
    object,
    (object.metadata.managedFields ?? []).map((entry) => ({ ...(entry as object), time: undefined })),
  );
