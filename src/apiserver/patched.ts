/** A stored object with a client's patch applied, whatever its dialect. Pure. */

import type { AnyKind } from '../client/client.ts';
import { isJsonObject } from '../resources/json.ts';
import type { KubeObject } from '../resources/meta.ts';
import { badRequest, type StatusError, statusError } from '../resources/status.ts';
import type { ApiPatch } from './api.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import { isCustom } from './preconditions.ts';
import { strategicPatch } from './strategic-patch.ts';

/** @throws StatusError BadRequest, Invalid (it does not fit), UnsupportedMediaType */
export function patched(kind: AnyKind, stored: KubeObject, patch: ApiPatch): unknown {
  switch (patch.type) {
    case 'merge':
      if (!isJsonObject(patch.body)) throw badRequest('a merge patch must be a JSON object');
      return mergePatch(stored, patch.body);
    case 'json':
      if (!Array.isArray(patch.body)) throw badRequest('a JSON patch must be an array of operations');
      return jsonPatch(stored, patch.body);
    case 'strategic':
      if (isCustom(kind)) throw unsupportedPatch('application/strategic-merge-patch+json');
      if (!isJsonObject(patch.body)) throw badRequest('a strategic merge patch must be a JSON object');
      return strategicPatch(stored, patch.body);
  }
}

const unsupportedPatch = (type: string): StatusError =>
  statusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${type}) - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml`,
  );
