/** The rules of ObjectMeta: what a client may write into it, and what stays the server's. */

import { type FieldError, forbidden, invalid, required } from '../resources/field-error.ts';
import { withoutUndefined } from '../resources/json.ts';
import type { ObjectMeta } from '../resources/meta.ts';
import { isDns1123Label, isDns1123Subdomain } from '../resources/names.ts';
import { isLabelValue, isQualifiedName } from '../resources/selector.ts';

/** Bytes of all annotations together, as in Kubernetes. */
const largestAnnotations = 256 * 1024;

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const dnsLabel =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const qualifiedName =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, at most 63 long, with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, at most 63 long (e.g. 'MyValue')";

/** Complaints about an object's metadata; `old` is the stored one on update. */
export function validateMetadata(
  kind: { readonly group: string; readonly kind: string },
  metadata: ObjectMeta,
  old?: ObjectMeta,
): readonly FieldError[] {
  const errors = shapeErrors(metadata);
  if (errors.length > 0) return errors;
  if (old === undefined) errors.push(...nameErrors(kind, metadata.name));
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (!isQualifiedName(key)) errors.push(invalid('metadata.labels', key, qualifiedName));
    if (!isLabelValue(value)) errors.push(invalid('metadata.labels', value, labelValue));
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    if (!isQualifiedName(key.toLowerCase())) errors.push(invalid('metadata.annotations', key, qualifiedName));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > largestAnnotations)
    errors.push({
      field: 'metadata.annotations',
      reason: 'FieldValueInvalid',
      message: `Too long: may not be more than ${largestAnnotations} bytes`,
    });
  errors.push(...ownerErrors(metadata), ...finalizerErrors(metadata, old));
  return errors;
}

function nameErrors(kind: { readonly group: string; readonly kind: string }, name: string): readonly FieldError[] {
  const isNamespace = kind.group === '' && kind.kind === 'Namespace';
  if (isNamespace ? isDns1123Label(name) : isDns1123Subdomain(name)) return [];
  return [invalid('metadata.name', name, isNamespace ? dnsLabel : subdomain)];
}

/** Wrong JSON types: nothing else may be asked of such metadata. */
function shapeErrors(metadata: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  const check = (field: string, value: unknown, ok: boolean, type: string): void => {
    if (value === undefined || ok) return;
    errors.push({
      field: `metadata.${field}`,
      reason: 'FieldValueTypeInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: must be of type ${type}`,
    });
  };
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'] as const)
    check(field, metadata[field], typeof metadata[field] === 'string', 'string');
  for (const field of ['labels', 'annotations'] as const) {
    const values: unknown = metadata[field];
    const isMap = typeof values === 'object' && values !== null && !Array.isArray(values);
    check(field, values, isMap && Object.values(values).every((value) => typeof value === 'string'), 'map of strings');
  }
  for (const field of ['finalizers', 'ownerReferences'] as const)
    check(field, metadata[field], Array.isArray(metadata[field]), 'array');
  return errors;
}

function ownerErrors({ ownerReferences = [] }: ObjectMeta): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, reference] of ownerReferences.entries())
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if (typeof reference?.[field] !== 'string' || reference[field] === '')
        errors.push(required(`metadata.ownerReferences[${index}].${field}`, `${field} must not be empty`));
  if (ownerReferences.filter((reference) => reference?.controller === true).length > 1)
    errors.push(
      invalid('metadata.ownerReferences', ownerReferences, 'Only one reference can have Controller set to true'),
    );
  return errors;
}

/** Finalizers that the server itself handles. */
const ownFinalizers = ['orphan', 'foregroundDeletion'];

function finalizerErrors({ finalizers = [] }: ObjectMeta, old?: ObjectMeta): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, finalizer] of finalizers.entries())
    if (typeof finalizer !== 'string' || !isQualifiedName(finalizer))
      errors.push(invalid(`metadata.finalizers[${index}]`, finalizer, qualifiedName));
    else if (!finalizer.includes('/') && !ownFinalizers.includes(finalizer) && !old?.finalizers?.includes(finalizer))
      errors.push(
        invalid(
          `metadata.finalizers[${index}]`,
          finalizer,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
  const added = finalizers.filter((finalizer) => !old?.finalizers?.includes(finalizer));
  if (old?.deletionTimestamp !== undefined && added.length > 0)
    errors.push(
      forbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
      ),
    );
  return errors;
}

/** A client's metadata on update: his labels and such, and the server's own fields as they are stored. */
export function updatedMetadata(given: ObjectMeta, stored: ObjectMeta): ObjectMeta {
  const { labels, annotations, finalizers, ownerReferences } = given;
  return { ...serverFields(stored), ...present({ labels, annotations, finalizers, ownerReferences }) };
}

const serverFields = (metadata: ObjectMeta): ObjectMeta => {
  const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...rest } = metadata;
  return rest;
};

/** What remains of an object's metadata maps when empty ones are left out, as Kubernetes' encoding does. */
function present(members: Partial<ObjectMeta>): Partial<ObjectMeta> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && Object.keys(value as object).length > 0),
  );
}

/** A client's metadata on create, without what only the server may say. */
export function createdMetadata(
  given: ObjectMeta,
  server: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'creationTimestamp'> & { readonly generation?: number },
): ObjectMeta {
  const { generateName, labels, annotations, finalizers, ownerReferences } = given;
  return {
    ...present({ generateName } as Partial<ObjectMeta>),
    ...(withoutUndefined(server) as typeof server),
    ...present({ labels, annotations, finalizers, ownerReferences }),
  };
}
