/** kf.dev/v1alpha1 SourcePackage: announces an upload (upload.kf.dev) with its size and checksum. */

import { conditionSchema, isFinal } from '../condition.ts';
import { type FieldError, forbidden, invalid } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';

/** Bytes; Kf's limit of 3 GiB. */
export const largestSourcePackage = 3 * 2 ** 30;

const checksum = s.object({ type: s.string(), value: s.string() });

const body = {
  spec: s.object({ size: s.integer(), checksum }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      image: s.describe(
        'Where the package was stored; `source://sha256:…` on the embedded server.',
        s.optional(s.string()),
      ),
      checksum: s.optional(checksum),
      size: s.optional(s.integer()),
    }),
  ),
};

export type SourcePackage = Resource<typeof body>;

export const SourcePackage: Kind<SourcePackage> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'SourcePackage',
  categories: ['all', 'kf'],
  columns: [
    { name: 'Image', type: 'string', jsonPath: '.status.image' },
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Succeeded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
  ],
  body,
  finished: isFinal,
  validate: (source, old) => {
    const errors: FieldError[] = [];
    const { size, checksum } = source.spec;
    if (size < 1 || size > largestSourcePackage)
      errors.push(invalid('spec.size', size, `expected 1 <= ${size} <= ${largestSourcePackage}`));
    if (checksum.type !== 'sha256') errors.push(invalid('spec.checksum.type', checksum.type, 'must be sha256'));
    if (!/^[0-9a-f]{64}$/.test(checksum.value))
      errors.push(invalid('spec.checksum.value', checksum.value, 'must be 64 lower-case hex digits'));
    if (old !== undefined && isFinal(old) && JSON.stringify(old.spec) !== JSON.stringify(source.spec))
      errors.push(forbidden('spec', 'SourcePackage is not pending'));
    return errors;
  },
});
