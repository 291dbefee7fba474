/** From a request's body to the object that is stored: decoding, pruning, defaults, validation. Pure. */

import type { AnyKind } from '../client/client.ts';
import { rfc3339 } from '../client/clock.ts';
import type { FieldError } from '../resources/field-error.ts';
import { isJsonObject, type JsonObject, jsonCopy, jsonEqual } from '../resources/json.ts';
import { apiVersionOf } from '../resources/kind.ts';
import type { KubeObject } from '../resources/meta.ts';
import { badRequest, invalidObject } from '../resources/status.ts';
import type { ApiWriteOptions } from './api.ts';
import { authored, reauthored } from './authorship.ts';
import { applyDefaults } from './defaults.ts';
import { createdMetadata, updatedMetadata, validateMetadata } from './metadata.ts';
import { pruneObject, pruneValue } from './prune.ts';
import { strategyOf } from './strategies.ts';
import { newUid } from './uid.ts';
import { validateSchema } from './validation.ts';

type Validation = Pick<ApiWriteOptions, 'fieldValidation' | 'onWarning'>;

/** A body that has been decoded: pruned, of the right kind, not yet checked against the schema. */
export type Decoded = JsonObject & KubeObject;

/**
 * Checks that a body is an object of the kind, and prunes what the schema does not know.
 * @throws StatusError BadRequest
 */
export function decode(kind: AnyKind, body: unknown, validation: Validation): Decoded {
  if (!isJsonObject(body)) throw badRequest(`a ${kind.kind} must be a JSON object`);
  const version = apiVersionOf(kind);
  if (body.apiVersion !== undefined && body.apiVersion !== version)
    throw badRequest(
      `the API version in the data (${plainly(body.apiVersion)}) does not match the expected API version (${version})`,
    );
  if (body.kind !== undefined && body.kind !== kind.kind)
    throw badRequest(`the kind in the data (${plainly(body.kind)}) does not match the expected kind (${kind.kind})`);
  if (body.metadata !== undefined && body.metadata !== null && !isJsonObject(body.metadata))
    throw badRequest('metadata must be a JSON object');
  if (kind.notice !== undefined) validation.onWarning?.(kind.notice);
  const { value, unknown } = pruneObject(kind.schema, body, kind);
  reportUnknown(kind, unknown, validation);
  const { apiVersion: _v, kind: _k, metadata = {}, ...rest } = value;
  return { apiVersion: version, kind: kind.kind, metadata, ...rest } as unknown as Decoded;
}

const plainly = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function reportUnknown(kind: AnyKind, unknown: readonly string[], validation: Validation): void {
  const texts = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (texts.length === 0) return;
  if (validation.fieldValidation === 'Strict')
    throw badRequest(
      `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: strict decoding error: ${texts.join(', ')}`,
    );
  if (validation.fieldValidation === 'Warn') for (const text of texts) validation.onWarning?.(text);
}

export interface Creation {
  readonly name: string;
  readonly namespace: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Who asks. */
  readonly user: string;
}

/** The object as it is stored at creation. @throws StatusError Invalid */
export function prepareCreate(kind: AnyKind, decoded: Decoded, { name, namespace, now, user }: Creation): KubeObject {
  const { status: _dropped, ...withoutStatus } = decoded;
  const given = kind.hasStatus ? withoutStatus : decoded;
  const metadata = createdMetadata(decoded.metadata, {
    name,
    namespace,
    uid: newUid(now),
    creationTimestamp: rfc3339(now),
    generation: kind.schema.properties?.spec === undefined ? undefined : 1,
  });
  const object = { ...given, metadata: authored(kind, metadata, user) } as KubeObject;
  const filled = complete(kind, object);
  return strategyOf(kind).create?.(filled) ?? filled;
}

/** The stored object with a client's new spec and metadata; the status stays. @throws StatusError Invalid */
export function prepareUpdate(kind: AnyKind, stored: KubeObject, decoded: Decoded, user: string): KubeObject {
  const shape = validateMetadata(kind, decoded.metadata, stored.metadata);
  if (shape.length > 0) throw invalidObject(kind, stored.metadata.name, shape);
  const given = { ...decoded, metadata: updatedMetadata(decoded.metadata, stored.metadata) } as KubeObject;
  const kept = kind.hasStatus ? withStatus(given, statusOf(stored)) : given;
  const object = complete(kind, strategyOf(kind).keep?.(kept, stored) ?? kept, stored);
  const changed = !jsonEqual(specOf(object), specOf(stored));
  const signed = reauthored(kind, object, stored, user, changed);
  const { generation } = stored.metadata;
  if (!changed || generation === undefined) return signed;
  return { ...signed, metadata: { ...signed.metadata, generation: generation + 1 } };
}

/** The stored object with a client's new status. @throws StatusError Invalid */
export function prepareStatus(kind: AnyKind, stored: KubeObject, body: unknown, validation: Validation): KubeObject {
  const schema = kind.schema.properties?.status;
  if (schema === undefined) throw badRequest(`${kind.kind} has no status`);
  const status = isJsonObject(body) ? body.status : undefined;
  if (status === undefined || status === null) return withStatus(stored, undefined);
  const { value, unknown } = pruneValue(schema, status, 'status');
  reportUnknown(kind, unknown, validation);
  applyDefaults(schema, value);
  const errors = validateSchema(schema, value, 'status');
  if (errors.length > 0) throw invalidObject(kind, stored.metadata.name, errors);
  return withStatus(stored, value);
}

/** Defaults and validation of a whole object. */
function complete(kind: AnyKind, object: KubeObject, stored?: KubeObject): KubeObject {
  const { name } = object.metadata;
  const refuse = (errors: readonly FieldError[]): void => {
    if (errors.length > 0) throw invalidObject(kind, name, errors);
  };
  // What is shared with the stored object is frozen; a status has its defaults already.
  const { apiVersion, kind: kindName, metadata, ...rest } = object;
  const open: Record<string, unknown> = stored === undefined ? rest : unshared(rest);
  applyDefaults(kind.schema, open);
  const metadataErrors = validateMetadata(kind, metadata, stored?.metadata);
  refuse([...validateSchema(kind.schema, open), ...metadataErrors.filter(({ field }) => field !== 'metadata.name')]);
  const plain = { apiVersion, kind: kindName, metadata, ...open } as unknown as KubeObject;
  const filled: KubeObject = jsonCopy(kind.default?.(plain) ?? plain);
  const own: readonly FieldError[] = kind.validate?.(filled, stored) ?? [];
  // A kind that has something to say of the name says it better.
  const general = own.some(({ field }) => field === 'metadata.name') ? [] : metadataErrors;
  const updates = stored === undefined ? [] : (strategyOf(kind).validateUpdate?.(filled, stored) ?? []);
  refuse([...general, ...own, ...updates]);
  const denial = kind.admit?.(filled, stored);
  if (denial !== undefined) throw badRequest(denial);
  return filled;
}

const unshared = (object: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, Object.isFrozen(value) ? jsonCopy(value) : value]),
  );

const statusOf = (object: KubeObject): unknown => (object as { status?: unknown }).status;

function withStatus(object: KubeObject, status: unknown): KubeObject {
  const { status: _old, ...rest } = object as KubeObject & { status?: unknown };
  return status === undefined ? rest : ({ ...rest, status } as KubeObject);
}

/** Everything whose change makes a new generation. */
function specOf(object: KubeObject): object {
  const { metadata: _m, status: _s, ...rest } = object as KubeObject & { status?: unknown };
  return rest;
}
