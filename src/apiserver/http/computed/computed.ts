/** Reads of objects that are not stored and never change while the server runs. */

import type { AnyKind, ListOptions } from '../../../client/client.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import { notFound } from '../../../resources/status.ts';
import type { ApiWatchEvent, ApiWatchOptions } from '../../api.ts';
import { Selection } from '../../selection.ts';
import type { ReadApi } from '../read-api.ts';

const resourceVersion = '1';

/** @param all of the kind, of all namespaces */
export function computed(all: () => readonly KubeObject[]): ReadApi {
  const select = (kind: AnyKind, options: ListOptions = {}): readonly KubeObject[] => {
    const selection = new Selection(kind, options);
    return all()
      .filter((object) => isSelected(selection, object))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  };
  return {
    async get(kind, { namespace = '', name }) {
      const object = all().find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace);
      if (object === undefined) throw notFound(kind, name);
      return object;
    },
    async list(kind, options) {
      return { items: select(kind, options), resourceVersion };
    },
    watch: (kind, options = {}) => watchOnce(select(kind, options), options),
  };
}

const isSelected = (selection: Selection, object: KubeObject): boolean => {
  const { namespace = '', name, labels } = object.metadata;
  return selection.matchesIndexed({ namespace, name }, () => labels) && selection.matchesFields(object);
};

/** What exists, then silence until the watch ends. */
async function* watchOnce(objects: readonly KubeObject[], options: ApiWatchOptions): AsyncIterable<ApiWatchEvent> {
  const fromStart = options.resourceVersion === undefined || options.resourceVersion === '0';
  if (fromStart || options.sendInitialEvents) for (const object of objects) yield { type: 'ADDED', object };
  if (options.sendInitialEvents) yield { type: 'BOOKMARK', resourceVersion, initialEventsEnd: true };
  const { signal } = options;
  if (signal?.aborted === false)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
