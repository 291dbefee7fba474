/** The label `tekton.dev/pipeline` of a PipelineRun: Tekton's controller sets it a moment after the creation. Pure. */

import { labels } from '../labels.ts';
import type { ObjectMeta } from '../meta.ts';
import type { PipelineRef } from './reference.ts';

interface Labelled {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly pipelineRef?: PipelineRef };
}

/** By what is run; of an embedded Pipeline the run's own name, without what makes it unique. */
export function withPipelineLabel<T extends Labelled>(run: T): T {
  const { labels: given, generateName, name } = run.metadata;
  if (given?.[labels.pipeline] !== undefined) return run;
  const { pipelineRef } = run.spec;
  const embedded = generateName?.replace(/[^a-zA-Z0-9]+$/, '') || name;
  const pipeline = pipelineRef === undefined ? embedded : pipelineRef.name || resolvedName(pipelineRef) || name;
  return pipeline ? { ...run, metadata: { ...run.metadata, labels: { ...given, [labels.pipeline]: pipeline } } } : run;
}

/** Of the cluster resolver's params. */
function resolvedName({ params = [] }: PipelineRef): string | undefined {
  const text = (wanted: string) => params.find(({ name }) => name === wanted)?.value;
  const name = text('name');
  return text('kind') === 'pipeline' && typeof name === 'string' ? name : undefined;
}
