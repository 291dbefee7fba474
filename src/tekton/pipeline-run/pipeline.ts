/** The Pipeline that a run runs: frozen in its status when it is first seen. */

import type { Client } from '../../client/client.ts';
import { labels } from '../../resources/labels.ts';
import { refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineSpec } from '../../resources/tekton/pipeline-spec.ts';
import type { Provenance } from '../../resources/tekton/reference.ts';
import type { Found, Waiting } from '../references/reference.ts';
import { pipelineOf } from '../references/references.ts';
import { checkPipeline, checkPrepared, preparePipeline } from './prepare.ts';
import { isTaskAttempt } from './task-attempt.ts';
import { InvalidPipeline, PipelineRunFailure } from './types.ts';

export interface RunPipeline {
  readonly state: 'found';
  /** With params, contexts and workspaces filled in. */
  readonly spec: PipelineSpec;
  readonly name: string;
  /** The run's, which may have got labels of the Pipeline. */
  readonly run: PipelineRun;
  readonly provenance?: Provenance;
  /** As it was found; only until the status has it. */
  readonly original?: PipelineSpec;
}

/** @throws ResolutionError, PipelineRunFailure */
export async function pipelineOfRun(client: Client, run: PipelineRun): Promise<RunPipeline | Waiting> {
  const known = run.status?.pipelineSpec;
  if (known !== undefined) return { state: 'found', spec: known, name: nameOf(run), run };
  const { pipelineRef, pipelineSpec } = run.spec;
  if (pipelineRef === undefined) return prepared(run, pipelineSpec ?? {}, run.metadata.name);
  const found = await pipelineOf(client, run, pipelineRef);
  if (found.state === 'waiting') return found;
  const name = found.name || pipelineRef.name || run.metadata.name;
  return {
    ...prepared(await withMetadata(client, run, found, name), found.spec, name),
    ...(found.source === undefined ? {} : { provenance: { refSource: found.source } }),
  };
}

/** `context.pipeline.name`: of an embedded one that of the run. */
const nameOf = (run: PipelineRun): string =>
  run.spec.pipelineRef === undefined
    ? run.metadata.name
    : (run.metadata.labels?.[labels.pipeline] ?? run.spec.pipelineRef.name ?? run.metadata.name);

function prepared(run: PipelineRun, spec: PipelineSpec, name: string): RunPipeline {
  if (isTaskAttempt(run)) return { state: 'found', spec, name, run };
  try {
    checkPipeline(run, spec, name);
    const filled = preparePipeline(run, spec, name);
    checkPrepared(run, filled, name);
    return { state: 'found', spec: filled, original: spec, name, run };
  } catch (error) {
    if (!(error instanceof PipelineRunFailure)) throw error;
    throw new InvalidPipeline(error.reason, error.message, spec);
  }
}

/** A Pipeline's labels and annotations are its runs', too; the run's own win. */
async function withMetadata(
  client: Client,
  run: PipelineRun,
  found: Found<PipelineSpec>,
  name: string,
): Promise<PipelineRun> {
  const { labels: own = {}, annotations: notes = {} } = run.metadata;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...given } = found.annotations;
  const add = {
    labels: missingIn(own, { ...found.labels, [labels.pipeline]: name }),
    annotations: missingIn(notes, given),
  };
  if (own[labels.pipeline] !== name && found.name !== '') add.labels[labels.pipeline] = name;
  if (Object.keys(add.labels).length + Object.keys(add.annotations).length === 0) return run;
  return client.patch(PipelineRun, refOf(run), { type: 'merge', body: { metadata: add } });
}

const missingIn = (own: Readonly<Record<string, string>>, all: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(all).filter(([key]) => own[key] === undefined));
