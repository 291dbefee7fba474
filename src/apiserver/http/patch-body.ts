/** What a PATCH asks for, by its media type. */

import { badRequest, statusError } from '../../resources/status.ts';
import type { ApiPatch } from '../api.ts';
import { mediaTypeOf, parseJson, parseYaml, readBytes } from './body.ts';
import type { Exchange } from './exchange.ts';
import { checkPatchOptions } from './field-manager.ts';

/** A patch, or an object that is applied on the server's side. */
export type PatchBody = ApiPatch | { readonly type: 'apply'; readonly body: unknown };

const patchTypes: Readonly<Record<string, PatchBody['type']>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** @throws StatusError UnsupportedMediaType, BadRequest, Invalid (parameters that do not belong together) */
export async function readPatch(exchange: Exchange): Promise<PatchBody> {
  const type = patchTypes[mediaTypeOf(exchange.req)];
  if (type === undefined)
    throw statusError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${Object.keys(patchTypes).join(', ')}`,
      {},
    );
  checkPatchOptions(exchange, type === 'apply');
  const text = (await readBytes(exchange.req)).toString();
  if (type === 'apply') return { type, body: await parseYaml(text) };
  const body = parseJson(text);
  if (type !== 'json') return { type, body };
  if (!Array.isArray(body)) throw badRequest('a JSON patch must be an array of operations');
  return { type, body };
}
