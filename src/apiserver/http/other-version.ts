/**
 * A kind by another of its versions: what goes in and out bears that version, and its fields where they differ. A field
 * that is known to neither is refused, whatever the client asked for: dropped in silence, the object would mean
 * something else.
 */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject } from '../../resources/json.ts';
import { apiVersionOf, type Conversion } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isConflict } from '../../resources/status.ts';
import type { ApiWatchEvent } from '../api.ts';
import { patched } from '../patched.ts';
import type { StoredApi } from './read-api.ts';

/** @param stored the kind as it is stored @param served the same kind in the version that is asked for */
export function inVersion(api: StoredApi, stored: AnyKind, served: AnyKind, conversion?: Conversion): StoredApi {
  const [inside, outside] = [apiVersionOf(stored), apiVersionOf(served)];
  const shown = <T extends KubeObject>(object: T): T => ({
    ...(conversion === undefined ? object : conversion.fromStored(object)),
    apiVersion: outside,
  });
  const taken = (body: unknown): unknown => {
    if (!isJsonObject(body)) return body;
    const restated = conversion === undefined ? body : conversion.toStored(body);
    return restated.apiVersion === outside ? { ...restated, apiVersion: inside } : restated;
  };
  const update: StoredApi['update'] = async (_kind, ref, body, options) =>
    shown(await api.update(stored, ref, taken(body), strictly(options)));
  return {
    get: async (_kind, ref) => shown(await api.get(stored, ref)),
    async list(_kind, options) {
      const { items, ...rest } = await api.list(stored, options);
      return { ...rest, items: items.map(shown) };
    },
    create: async (_kind, namespace, body, options) =>
      shown(await api.create(stored, namespace, taken(body), strictly(options))),
    update,
    async patch(kind, ref, patch, options) {
      let before = shown(await api.get(stored, ref));
      for (;;) {
        try {
          return await update(kind, ref, patched(served, before, patch), options);
        } catch (error) {
          if (!isConflict(error)) throw error;
          const { resourceVersion } = before.metadata;
          before = shown(await api.get(stored, ref));
          // It was changed meanwhile; else the patch itself asks for another state than it is in.
          if (before.metadata.resourceVersion === resourceVersion) throw error;
        }
      }
    },
    // Whose fields are whose is kept in the terms of the stored version.
    async apply(_kind, ref, body, options) {
      const { object, created } = await api.apply(stored, ref, taken(body), options);
      return { object: shown(object), created };
    },
    async delete(_kind, ref, options) {
      const { object, gone } = await api.delete(stored, ref, options);
      return { object: shown(object), gone };
    },
    watch: (_kind, options) => restated(api.watch(stored, options), shown),
  };
}

const strictly = <T extends object>(options: T): T & { readonly fieldValidation: 'Strict' } => ({
  ...options,
  fieldValidation: 'Strict',
});

async function* restated(
  events: AsyncIterable<ApiWatchEvent>,
  shown: (object: KubeObject) => KubeObject,
): AsyncIterable<ApiWatchEvent> {
  for await (const event of events) yield event.type === 'BOOKMARK' ? event : { ...event, object: shown(event.object) };
}
