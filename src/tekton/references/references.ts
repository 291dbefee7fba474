/**
 * From a reference to what it refers to: in the run's namespace, or where a resolver finds it.
 * All throw ResolutionError for what is final; any other error is to be tried again.
 */

import type { AnyKind, Client } from '../../client/client.ts';
import { ownedBy, soon, type Watched } from '../../client/controller.ts';
import { Pipeline } from '../../resources/tekton/pipeline.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { ResolutionRequest } from '../../resources/tekton/resolution-request.ts';
import type { Step } from '../../resources/tekton/step.ts';
import { StepAction, type StepActionSpec } from '../../resources/tekton/step-action.ts';
import { Task } from '../../resources/tekton/task.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { findReferenced, NotResolved, type Wanted } from './find-referenced.ts';
import { substituteReference, variablesOf } from './params.ts';
import { type Reference, ResolutionError, type Resolved, type Waiting } from './reference.ts';

/** For the engines' list of watches: a run goes on as soon as what it waits for has come. */
export const resolutionsOf = (owner: AnyKind): Watched => ownedBy(owner, ResolutionRequest, { unfinishedOnly: true });

/** A pipeline task that refers to a Task or a Pipeline. */
export interface PipelineTaskReference {
  /** Name of the Pipeline that it is of, for messages. */
  readonly pipeline: string;
  /** Name of the TaskRun or PipelineRun that will be made: it asks the same question, which is answered already. */
  readonly child: string;
}

/**
 * What a TaskRun's taskRef refers to; or, with `of`, a pipeline task's taskRef.
 * @throws ResolutionError TaskRunResolutionFailed, TaskValidationFailed; with `of` CouldntGetTask
 */
export async function taskOf(
  client: Client,
  run: TaskRun | PipelineRun,
  reference: Reference,
  of?: PipelineTaskReference,
): Promise<Resolved<TaskSpec>> {
  const wanted = { kind: Task, article: 'a task', ...question(run, reference, of?.child) };
  return find(client, run, wanted, waits(run, 'ResolvingTaskRef'), (error) => {
    if (of !== undefined) return missingInPipeline(run, of, 'Task', reference, error);
    const reason = error.invalid ? 'TaskValidationFailed' : 'TaskRunResolutionFailed';
    const lead = nameOf(reference) === '' ? '' : `error when listing tasks for taskRun ${run.metadata.name}: `;
    return new ResolutionError(reason, lead + error.message);
  });
}

/**
 * What a PipelineRun's pipelineRef refers to; or, with `of`, a pipeline task's pipelineRef.
 * @throws ResolutionError CouldntGetPipeline, PipelineValidationFailed
 */
export async function pipelineOf(
  client: Client,
  run: PipelineRun,
  reference: Reference,
  of?: PipelineTaskReference,
): Promise<Resolved<Pipeline['spec']>> {
  const wanted = { kind: Pipeline, article: 'a pipeline', ...question(run, reference, undefined) };
  const waiting = waits(run, of === undefined ? 'ResolvingPipelineRef' : 'ResolvingTaskRef');
  return find(client, run, wanted, waiting, (error) => {
    if (of !== undefined) return missingInPipeline(run, of, 'Pipeline', reference, error);
    const { namespace = '', name } = run.metadata;
    const why = pipelineFault(reference, error);
    const lead = nameOf(reference) === '' ? '' : `error when getting Pipeline for PipelineRun ${name}: `;
    return error.invalid
      ? new ResolutionError(
          'PipelineValidationFailed',
          `[User error] Failed dryRunValidation for PipelineRun ${name}: ${lead}${why}`,
        )
      : new ResolutionError(
          'CouldntGetPipeline',
          `Error retrieving pipeline for pipelinerun ${namespace}/${name}: ${lead}${why}`,
        );
  });
}

/**
 * What a step's ref refers to.
 * @param spec of the Task that the step is of: its params' defaults count where the run sets none
 * @throws ResolutionError TaskRunResolutionFailed, TaskValidationFailed
 */
export async function stepActionOf(
  client: Client,
  run: TaskRun,
  step: Pick<Step, 'name'> & { readonly ref: Reference },
  index: number,
  spec?: TaskSpec,
): Promise<Resolved<StepActionSpec>> {
  const wanted = { kind: StepAction, article: 'a StepAction', ...question(run, step.ref, undefined, spec) };
  const waiting = waits(run, 'ResolvingStepActionRef', 'StepAction');
  return find(client, run, wanted, waiting, ({ message, invalid }) => {
    const reason = invalid ? 'TaskValidationFailed' : 'TaskRunResolutionFailed';
    const lead = `failed to resolve step ref for step "${step.name ?? ''}" (index ${index})`;
    return new ResolutionError(reason, `${lead}: ${message}`);
  });
}

async function find<K extends AnyKind>(
  client: Client,
  run: TaskRun | PipelineRun,
  wanted: Wanted<K>,
  waiting: Waiting,
  say: (error: NotResolved) => ResolutionError,
) {
  try {
    const found = await findReferenced(client, run, wanted);
    if (found.state === 'found') return found;
    return found.mine ? waiting : { ...waiting, ...soon };
  } catch (error) {
    throw error instanceof NotResolved ? say(error) : error;
  }
}

const question = (run: TaskRun | PipelineRun, reference: Reference, child?: string, spec?: TaskSpec) => ({
  reference: reference.resolver ? substituteReference(reference, variablesOf(run, spec)) : reference,
  asker: child ?? run.metadata.name,
});

function waits(run: TaskRun | PipelineRun, reason: Waiting['reason'], what = 'resource'): Waiting {
  const { namespace = '', name } = run.metadata;
  return { state: 'waiting', reason, message: `${run.kind} ${namespace}/${name} awaiting remote ${what}` };
}

const nameOf = ({ name = '' }: Reference): string => name;

function missingInPipeline(
  run: TaskRun | PipelineRun,
  { pipeline }: PipelineTaskReference,
  kind: 'Task' | 'Pipeline',
  reference: Reference,
  error: NotResolved,
): ResolutionError {
  const why = kind === 'Pipeline' ? pipelineFault(reference, error) : error.message;
  const which = nameOf(reference) || remoteName(reference);
  const whose = kind === 'Task' ? 'Tasks' : 'child Pipelines';
  return new ResolutionError(
    kind === 'Task' ? 'CouldntGetTask' : 'CouldntGetPipeline',
    `Pipeline ${run.metadata.namespace ?? ''}/${pipeline} can't be Run; it contains ${whose} that don't exist: ` +
      `Couldn't retrieve ${kind} ${JSON.stringify(which)}: ${why}`,
  );
}

/** Some resolvers have the name among their params. */
function remoteName({ resolver = '', params = [] }: Reference): string {
  const told = params.filter(({ name }) => name === 'name' || name === 'url');
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const lines = [`resolver type ${resolver}`, ...told.map(({ name, value }) => `${name} = ${text(value)}`)];
  return lines.map((line) => `${line}\n`).join('');
}

function pipelineFault(reference: Reference, { message, invalid }: NotResolved): string {
  const name = nameOf(reference);
  if (!reference.resolver) return `tekton client cannot get pipeline ${name} from local cluster: ${message}`;
  return invalid || !message.startsWith('error requesting')
    ? `failed to read runtime object as Pipeline: ${message}`
    : `resolver failed to get Pipeline ${name}: ${message}`;
}
