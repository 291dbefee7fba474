/** Rule of the names of Tekton's objects. */

import type { ObjectMeta } from '../../meta.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { type Complaints, generic } from './complaint.ts';

export function metadataErrors({ name }: ObjectMeta): Complaints {
  if (!isDns1123Subdomain(name))
    return [generic(`invalid resource name ${JSON.stringify(name)}: must be a valid DNS label`, 'metadata.name')];
  return name.length <= 63
    ? []
    : [generic('Invalid resource name: length must be no more than 63 characters', 'metadata.name')];
}
