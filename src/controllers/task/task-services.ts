/** The services that a Task was started with: noted with its run, since its App may be bound to others later. Pure. */

import type { App } from '../../resources/kf/app.ts';
import { annotations } from '../../resources/labels.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';

export function servicesNote({ status }: App): Readonly<Record<string, string>> {
  const names = (status?.serviceBindings ?? []).map(({ instance }) => instance);
  return names.length === 0 ? {} : { [annotations.services]: names.join(',') };
}

/** What its environment holds the credentials of. */
export function servicesOf({ metadata }: PipelineRun): { readonly services?: readonly string[] } {
  const names = metadata.annotations?.[annotations.services];
  return names === undefined ? {} : { services: names.split(',') };
}
