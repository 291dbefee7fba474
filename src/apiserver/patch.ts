/** RFC 7386 merge patches, and RFC 6902 JSON patches as Kubernetes understands them. Pure. */

import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { assign, isJsonObject, jsonCopy } from '../resources/json.ts';
import { badRequest, statusError } from '../resources/status.ts';

/** Kubernetes' own limit of operations in one JSON patch. */
const mostOperations = 10_000;

/** RFC 7386: members are merged, null removes, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return jsonCopy(patch);
  const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete result[key];
    else assign(result, key, mergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}

/**
 * RFC 6902, with one difference that Kubernetes' clients rely on: `replace` of an absent member adds it.
 * @throws StatusError BadRequest for something that is no patch, Invalid for one that does not fit
 */
export function jsonPatch(target: unknown, operations: readonly unknown[]): unknown {
  if (operations.length > mostOperations)
    throw statusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${mostOperations}, got ${operations.length}`,
    );
  const document = { root: jsonCopy(target) };
  for (const [index, operation] of operations.entries()) {
    const rooted = underRoot(operation, index);
    const [error] = applyPatch(document, [asKubernetes(document, rooted)]);
    if (error !== null && error !== undefined)
      throw statusError(
        'Invalid',
        `the patch does not fit: operation ${index} (${rooted.op} ${pathOf(operation)}): ${error.message || error.name}`,
      );
  }
  return document.root;
}

const pathOf = (operation: unknown): string => String((operation as { path?: unknown }).path);

/** The library cannot replace a whole document in place, so the document is a member of one. */
function underRoot(operation: unknown, index: number): Operation {
  if (!isJsonObject(operation) || typeof operation.op !== 'string' || typeof operation.path !== 'string')
    throw badRequest(`the patch is malformed: operation ${index} has no op or no path`);
  if (operation.path !== '' && !operation.path.startsWith('/'))
    throw badRequest(
      `the patch is malformed: operation ${index} has the path ${JSON.stringify(operation.path)}, which does not begin with /`,
    );
  const { from } = operation;
  if ((operation.op === 'move' || operation.op === 'copy') && typeof from !== 'string')
    throw badRequest(`the patch is malformed: operation ${index} has no from`);
  return {
    ...operation,
    path: `/root${operation.path}`,
    ...(typeof from === 'string' ? { from: `/root${from}` } : {}),
  } as unknown as Operation;
}

function asKubernetes(document: object, operation: Operation): Operation {
  if (operation.op !== 'replace') return operation;
  const { parent, value } = Pointer.fromJSON(operation.path).evaluate(document);
  return isJsonObject(parent) && value === undefined ? { ...operation, op: 'add' } : operation;
}
