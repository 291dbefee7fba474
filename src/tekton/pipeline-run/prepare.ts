/** From a Pipeline and a run of it to the Pipeline that is run: checked, with params, contexts and workspaces filled in. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { complaintText } from '../../resources/tekton/validation/complaint.ts';
import { onErrorErrors } from '../../resources/tekton/validation/pipeline-tasks.ts';
import { problemOfDefaults, valuesOfParams, variablesOfParams } from '../variables/params.ts';
import { filledIn, setParam, substituteValue } from '../variables/substitution.ts';
import { graphOf, InvalidGraph } from './graph.ts';
import { checkParams, withoutParams } from './params.ts';
import { variablesIn } from './result-reference.ts';
import { substituteTask } from './substitution.ts';
import { PipelineRunFailure } from './types.ts';

/**
 * Whether `run` can run the Pipeline at all.
 * @param pipeline name of the Pipeline
 * @throws PipelineRunFailure with the first fault, in Tekton's order
 */
export function checkPipeline(run: PipelineRun, spec: PipelineSpec, pipeline: string): void {
  const { namespace = '', name } = run.metadata;
  const of = `Pipeline ${namespace}/${pipeline}`;
  const fail = (reason: string, text: string): never => {
    throw new PipelineRunFailure(reason, text);
  };
  try {
    graphOf(spec.tasks ?? []);
  } catch (error) {
    if (!(error instanceof InvalidGraph)) throw error;
    fail(
      'PipelineInvalidGraph',
      `[User error] PipelineRun ${namespace}/${name}'s Pipeline DAG is invalid: ${error.message}`,
    );
  }
  if ((spec.tasks ?? []).length === 0)
    fail(
      'PipelineValidationFailed',
      `[User error] ${of} can't be Run; it has an invalid spec: missing field(s): tasks`,
    );
  checkParams(run, spec, pipeline);
  const bound = new Set((run.spec.workspaces ?? []).map((binding) => binding.name));
  for (const workspace of spec.workspaces ?? [])
    if (workspace.optional !== true && !bound.has(workspace.name))
      fail(
        'InvalidWorkspaceBindings',
        `[User error] PipelineRun ${namespace}/${name} doesn't bind ${of}'s Workspaces correctly: pipeline requires workspace with name ${JSON.stringify(workspace.name)} be provided by pipelinerun`,
      );
  const tasks = new Set([...(spec.tasks ?? []), ...(spec.finally ?? [])].map((task) => task.name));
  for (const { pipelineTaskName } of run.spec.taskRunSpecs ?? [])
    if (!tasks.has(pipelineTaskName ?? ''))
      fail(
        'InvalidTaskRunSpecs',
        `[User error] PipelineRun ${namespace}/${name} doesn't define taskRunSpecs correctly: pipelineRun's taskrunSpecs defined wrong taskName: ${JSON.stringify(pipelineTaskName)}, does not exist in Pipeline`,
      );
  const defaults = problemOfDefaults(spec.params ?? [], run.spec.params ?? []);
  if (defaults !== undefined)
    fail(
      'PipelineValidationFailed',
      `[User error] Failed to apply parameters to ${of}: parameter resolution failed: ${defaults}`,
    );
}

/** Whether what params were put into still holds. @throws PipelineRunFailure @param pipeline name of the Pipeline */
export function checkPrepared(
  run: PipelineRun,
  { tasks = [], finally: final = [] }: PipelineSpec,
  pipeline: string,
): void {
  const complaints = [...tasks, ...final].flatMap(onErrorErrors);
  if (complaints.length > 0)
    throw new PipelineRunFailure(
      'PipelineValidationFailed',
      `[User error] Pipeline ${run.metadata.namespace ?? ''}/${pipeline} can't be Run; it has an invalid spec: ${complaintText(complaints)}`,
    );
}

/** The variables that are known from the start. */
export function pipelineVariables(
  run: PipelineRun,
  spec: PipelineSpec,
  pipeline: string,
): ReadonlyMap<string, ParamValue> {
  const known = new Map<string, ParamValue>([
    ['context.pipelineRun.name', run.metadata.name],
    ['context.pipelineRun.namespace', run.metadata.namespace ?? ''],
    ['context.pipelineRun.uid', run.metadata.uid ?? ''],
    ['context.pipeline.name', pipeline],
  ]);
  for (const { name } of spec.workspaces ?? []) known.set(`workspaces.${name}.bound`, 'false');
  for (const { name } of run.spec.workspaces ?? []) known.set(`workspaces.${name}.bound`, 'true');
  const params = variablesOfParams(valuesOfParams(spec.params ?? [], run.spec.params ?? []));
  return new Map([...filledIn(params, known), ...known]);
}

/** The Pipeline with all that is known from the start filled in; a Pipeline that names nothing of it is itself. */
export function preparePipeline(run: PipelineRun, spec: PipelineSpec, pipeline: string): PipelineSpec {
  const { tasks = [], finally: final = [], results = [] } = spec;
  if (variablesIn([tasks, final, results]).length === 0) return spec;
  const variables = pipelineVariables(run, spec, pipeline);
  const prepare = (task: PipelineTask): PipelineTask => substituteTask(task, variables, withOwnParams(task, variables));
  return {
    ...spec,
    tasks: tasks.map(prepare),
    ...(spec.finally === undefined ? {} : { finally: final.map(prepare) }),
    ...(spec.results === undefined
      ? {}
      : { results: results.map((result) => ({ ...result, value: substituteValue(result.value, variables) })) }),
  };
}

/** Inside of a task its own params count: of those that the run has, too, a text is filled in. */
function withOwnParams(
  task: PipelineTask,
  variables: ReadonlyMap<string, ParamValue>,
): ReadonlyMap<string, ParamValue> {
  const own = task.params ?? [];
  const inside = new Map(withoutParams(insideOf(task, variables), own));
  for (const { name, value } of own) {
    const text = typeof value === 'string' ? substituteValue(value, variables) : undefined;
    const isKnown = typeof text === 'string' && !text.includes('$(');
    if (isKnown && typeof variables.get(`params.${name}`) === 'string') setParam(inside, name, text);
  }
  return inside;
}

/** Inside of a Task that declares a workspace, what is said of it is about that one. */
function insideOf(
  { taskSpec }: PipelineTask,
  variables: ReadonlyMap<string, ParamValue>,
): ReadonlyMap<string, ParamValue> {
  const own = (taskSpec?.workspaces ?? []).map(({ name }) => `workspaces.${name}.bound`);
  return own.length === 0 ? variables : new Map([...variables].filter(([text]) => !own.includes(text)));
}
