/** Pipelines within Pipelines: none may run within itself. */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { labels } from '../../resources/labels.ts';
import { controllerOf, refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { PipelineRunFailure } from './types.ts';

/** @throws PipelineRunFailure where `run`, or a run that it is a child of, is one of the Pipeline `name` */
export async function refuseNesting(client: Client, run: PipelineRun, name: string): Promise<void> {
  const above: string[] = [];
  let current: PipelineRun | undefined = run;
  while (current !== undefined) {
    const of: string | undefined = current.metadata.labels?.[labels.pipeline];
    if (of === name)
      throw new PipelineRunFailure(
        'CreateRunFailed',
        `detected cycle in pipeline-in-pipeline: pipeline ${JSON.stringify(name)} is already running in ancestor chain [${above.join(' ')}]`,
      );
    if (of !== undefined) above.push(of);
    const owner = controllerOf(current);
    if (owner?.kind !== PipelineRun.kind) return;
    current = await getIfExists(client, PipelineRun, { ...refOf(current), name: owner.name });
  }
}
