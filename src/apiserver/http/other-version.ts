/**
 * A kind by another of its versions: what goes in and out bears that version, the fields stay. A field that the stored
 * version lacks is refused, whatever the client asked for: dropped in silence, the object would mean something else.
 */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject } from '../../resources/json.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import type { ApiWatchEvent } from '../api.ts';
import type { StoredApi } from './read-api.ts';

/** @param stored the kind as it is stored @param served the same kind in the version that is asked for */
export function inVersion(api: StoredApi, stored: AnyKind, served: AnyKind): StoredApi {
  const [inside, outside] = [apiVersionOf(stored), apiVersionOf(served)];
  const shown = <T extends KubeObject>(object: T): T => ({ ...object, apiVersion: outside });
  const taken = (body: unknown): unknown =>
    isJsonObject(body) && body.apiVersion === outside ? { ...body, apiVersion: inside } : body;
  return {
    get: async (_kind, ref) => shown(await api.get(stored, ref)),
    async list(_kind, options) {
      const { items, ...rest } = await api.list(stored, options);
      return { ...rest, items: items.map(shown) };
    },
    create: async (_kind, namespace, body, options) =>
      shown(await api.create(stored, namespace, taken(body), strictly(options))),
    update: async (_kind, ref, body, options) => shown(await api.update(stored, ref, taken(body), strictly(options))),
    patch: async (_kind, ref, patch, options) =>
      shown(
        await api.patch(
          stored,
          ref,
          patch.type === 'json' ? patch : { ...patch, body: taken(patch.body) },
          strictly(options),
        ),
      ),
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
