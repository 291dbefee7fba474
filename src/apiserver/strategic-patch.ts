/** Kubernetes' strategic merge patch for the core kinds: a merge patch whose lists of named things merge by name. Pure. */

import { assign, isJsonObject, type JsonObject, jsonCopy } from '../resources/json.ts';
import { badRequest } from '../resources/status.ts';

/** By the name of a list, what tells its items apart, as the core API's `patchMergeKey` has it. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  imagePullSecrets: 'name',
  secrets: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  ports: 'containerPort',
  hostAliases: 'ip',
  conditions: 'type',
  addresses: 'type',
  taints: 'key',
  ownerReferences: 'uid',
};

/** Lists of plain values that merge as sets. */
const sets = new Set(['finalizers', 'podCIDRs']);

const orderDirective = '$setElementOrder/';
const deleteDirective = '$deleteFromPrimitiveList/';

/** Merges `patch` into `target`. @throws StatusError BadRequest for a directive that makes no sense */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return jsonCopy(patch);
  const { $patch: directive, $retainKeys: retained, ...members } = patch;
  if (directive === 'replace') return jsonCopy(members);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unknown patch directive ${String(directive)}`);
  const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || key.startsWith(orderDirective)) continue;
    if (key.startsWith(deleteDirective)) {
      const list = key.slice(deleteDirective.length);
      const gone = asArray(value);
      result[list] = asArray(result[list]).filter((item) => !gone.includes(item));
    } else if (value === null) delete result[key];
    else assign(result, key, mergeMember(key, result[key], value));
  }
  for (const [key, order] of Object.entries(members)) {
    if (!key.startsWith(orderDirective)) continue;
    const list = key.slice(orderDirective.length);
    if (Array.isArray(result[list])) result[list] = ordered(list, asArray(result[list]), asArray(order));
  }
  return result;
}

function mergeMember(name: string, target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) return strategicPatch(target, patch);
  if (sets.has(name)) return [...new Set([...asArray(target), ...patch])];
  const key = mergeKeys[name];
  if (key === undefined || !patch.every(isJsonObject)) return jsonCopy(patch);
  return mergeList(name, key, asArray(target), patch);
}

function mergeList(name: string, key: string, target: readonly unknown[], patch: readonly JsonObject[]): unknown[] {
  // `$patch: replace` as an item of its own replaces the list by the other items.
  if (patch.some((item) => item.$patch === 'replace'))
    return patch.filter((item) => item.$patch !== 'replace').map((item) => jsonCopy(item));
  const result = [...target];
  for (const item of patch) {
    if (item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key} (in ${name})`);
    const index = result.findIndex((existing) => isJsonObject(existing) && existing[key] === item[key]);
    if (item.$patch === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicPatch(result[index], item);
    else result.push(strategicPatch({}, item));
  }
  return result;
}

/** Items in the order that the client wants; those that he does not know keep their places behind. */
function ordered(name: string, items: readonly unknown[], order: readonly unknown[]): readonly unknown[] {
  const key = mergeKeys[name];
  const identity = (item: unknown): unknown => (isJsonObject(item) && key !== undefined ? item[key] : item);
  const places = new Map(order.map((item, index) => [identity(item), index]));
  const place = (item: unknown): number => places.get(identity(item)) ?? Number.MAX_SAFE_INTEGER;
  return [...items].sort((left, right) => place(left) - place(right));
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
