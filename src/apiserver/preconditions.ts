/** What a request must agree with before it may change a stored object. Pure. */

import type { AnyKind } from '../client/client.ts';
import { isJsonObject } from '../resources/json.ts';
import { groupResourceOf } from '../resources/kind.ts';
import type { KubeObject, ObjectMeta } from '../resources/meta.ts';
import { badRequest, conflict, invalidObject, type StatusError, statusError } from '../resources/status.ts';

/** Kinds that a CRD declares on a cluster. */
export const isCustom = (kind: AnyKind): boolean => kind.group.includes('.') && !kind.group.endsWith('.k8s.io');

/** The metadata of a body that has not been checked yet. @throws StatusError BadRequest */
export function metadataOf(body: unknown): Partial<ObjectMeta> {
  if (!isJsonObject(body)) throw badRequest('the body must be a JSON object');
  return isJsonObject(body.metadata) ? (body.metadata as Partial<ObjectMeta>) : {};
}

/** The managers that a body states, not checked yet. */
export const givenManagedFields = (body: unknown): unknown =>
  isJsonObject(body) && isJsonObject(body.metadata) ? body.metadata.managedFields : undefined;

/** @throws StatusError BadRequest where the body names another object than the request */
export function checkName(given: string | undefined, asked: string): void {
  if (given !== undefined && given !== asked)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${asked})`);
}

/** An object that is to be changed by its uid, and is not there. */
export const noObjectOf = (kind: AnyKind, name: string, uid: string): StatusError =>
  statusError(
    'Conflict',
    `Operation cannot be fulfilled on ${groupResourceOf(kind)} "${name}": uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    { name, group: kind.group, kind: kind.plural },
  );

/** In a namespace that is being deleted. */
export const noNewContent = (kind: AnyKind, name: string, namespace: string): StatusError =>
  statusError(
    'Forbidden',
    `${groupResourceOf(kind)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      name,
      group: kind.group,
      kind: kind.plural,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  );

/** @throws StatusError Conflict */
export function checkPreconditions(
  kind: AnyKind,
  stored: KubeObject,
  { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
): void {
  const { name, uid: storedUid, resourceVersion: storedRevision } = stored.metadata;
  if (uid && uid !== storedUid)
    throw statusError(
      'Conflict',
      `Operation cannot be fulfilled on ${groupResourceOf(kind)} "${name}": Precondition failed: UID in precondition: ${uid}, UID in object meta: ${storedUid}`,
      { name, group: kind.group, kind: kind.plural },
    );
  if (resourceVersion !== undefined && resourceVersion !== storedRevision) throw conflict(kind, name);
}

/** The preconditions that an update's own metadata states. @throws StatusError Invalid where it must name a revision */
export function updatePreconditions(
  kind: AnyKind,
  name: string,
  { uid, resourceVersion }: Partial<ObjectMeta>,
): { readonly uid?: string; readonly resourceVersion?: string } {
  if (resourceVersion && resourceVersion !== '0') return { uid, resourceVersion };
  if (!isCustom(kind)) return { uid };
  throw invalidObject(kind, name, [
    {
      field: 'metadata.resourceVersion',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: 0x0: must be specified for an update',
    },
  ]);
}
