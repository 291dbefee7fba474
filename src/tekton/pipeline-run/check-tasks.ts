/** Whether a Pipeline's tasks fit what they run and each other, as far as that is known before they start. Pure. */

import { evaluateCel } from '../../resources/tekton/cel.ts';
import type { ParamSpec, ParamValue } from '../../resources/tekton/param.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import type { WhenExpression } from '../../resources/tekton/when.ts';
import { goList, goMap, missingKeys, typeOfSpec } from '../variables/params.ts';
import { neededFields } from './graph.ts';
import type { RunPipeline } from './pipeline.ts';
import { resultReferencesIn, variablesIn } from './result-reference.ts';
import { isTaskAttempt } from './task-attempt.ts';
import { childKindOf, PipelineRunFailure } from './types.ts';

/** What a pipeline task runs, where that is known: results and params of a Task, or of a Pipeline within. */
export interface Ran {
  readonly params?: readonly ParamSpec[];
  readonly results?: readonly { readonly name: string }[];
  readonly workspaces?: TaskSpec['workspaces'];
}

/** @param ran by name of the pipeline task @throws PipelineRunFailure, CelError with the first fault */
export function checkTasks(
  run: PipelineRun,
  { spec, original = spec }: Pick<RunPipeline, 'spec' | 'original'>,
  ran: ReadonlyMap<string, Ran>,
): void {
  if (isTaskAttempt(run)) return;
  const tasks = [...(spec.tasks ?? []), ...(spec.finally ?? [])];
  const written = [...(original.tasks ?? []), ...(original.finally ?? [])];
  for (const [index, task] of tasks.entries()) {
    const known = ran.get(task.name);
    checkTaskParams(run, task, known);
    checkEnums(written[index]!, original.params ?? [], known?.params ?? []);
  }
  for (const { when = [] } of tasks) checkCel(when);
  const known = new Map(tasks.map((task) => [task.name, task]));
  for (const task of tasks) {
    for (const { task: producer, result } of resultReferencesIn(neededFields(task))) {
      const fault = faultOf(producer, result, known, ran);
      if (fault !== undefined)
        throw new PipelineRunFailure(
          'InvalidTaskResultReference',
          `invalid result reference in pipeline task ${JSON.stringify(task.name)}: ${fault}`,
        );
    }
  }
  checkPipelineResults(run, spec, known, ran);
  checkOptionalWorkspaces(spec, tasks, ran);
}

/** What a Pipeline allows a param to be its Tasks must allow, too. */
function checkEnums({ params = [], taskRef }: PipelineTask, outer: readonly ParamSpec[], inner: readonly ParamSpec[]) {
  for (const { name, value } of params) {
    const used = typeof value === 'string' ? variablesIn(value).filter((text) => text.startsWith('params.')) : [];
    const passed = used.length === 1 ? outer.find((spec) => `params.${spec.name}` === used[0]) : undefined;
    const allowed = inner.find((spec) => spec.name === name)?.enum ?? [];
    if (passed === undefined || typeOfSpec(passed) !== 'string' || allowed.length === 0) continue;
    const { enum: may = [] } = passed;
    const of = `pipeline param "${passed.name}"`;
    const task = taskRef?.name ?? '';
    const fault =
      may.length === 0
        ? `${of} has no enum, but referenced in "${task}" task has enums: ${goList(allowed)}`
        : `${of} enum: ${goList(may)} is not a subset of the referenced in "${task}" task param enum: ${goList(allowed)}`;
    if (may.length === 0 || may.some((one) => !allowed.includes(one)))
      throw new PipelineRunFailure(
        'PipelineValidationFailed',
        `[User error] Validation failed for pipelinerun with error ${fault}`,
      );
  }
}

/** Evaluates the CEL of `when` that refers to no other task, so that a mistake fails the run before it begins. */
function checkCel(when: readonly WhenExpression[]): void {
  for (const { cel = '' } of when)
    if (cel !== '' && !variablesIn(cel).some((text) => /^(tasks|finally)\./.test(text))) evaluateCel(cel);
}

function faultOf(
  producer: string,
  result: string,
  known: ReadonlyMap<string, PipelineTask>,
  ran: ReadonlyMap<string, Ran>,
): string | undefined {
  const task = known.get(producer);
  if (task === undefined) return `referenced pipeline task ${JSON.stringify(producer)} does not exist`;
  const of = ran.get(producer);
  if (childKindOf(task) === 'CustomRun' || of === undefined) return undefined;
  return of.results?.some(({ name }) => name === result)
    ? undefined
    : `${JSON.stringify(result)} is not a named result returned by pipeline task ${JSON.stringify(producer)}`;
}

function checkPipelineResults(
  run: PipelineRun,
  spec: PipelineSpec,
  known: ReadonlyMap<string, PipelineTask>,
  ran: ReadonlyMap<string, Ran>,
): void {
  for (const { name, value } of spec.results ?? [])
    for (const { task, result } of resultReferencesIn(value)) {
      const fault = faultOf(task, result, known, ran);
      if (fault !== undefined)
        throw new PipelineRunFailure(
          'InvalidPipelineResultReference',
          `Failed to resolve pipeline result reference for ${JSON.stringify(run.metadata.name)} with error invalid pipeline result ${JSON.stringify(name)}: ${fault}`,
        );
    }
}

function checkOptionalWorkspaces(
  spec: PipelineSpec,
  tasks: readonly PipelineTask[],
  ran: ReadonlyMap<string, Ran>,
): void {
  const optional = new Set((spec.workspaces ?? []).flatMap(({ name, optional: is }) => (is === true ? [name] : [])));
  for (const task of tasks)
    for (const { name, workspace = '' } of task.workspaces ?? []) {
      const declared = ran.get(task.name)?.workspaces?.find((candidate) => candidate.name === name);
      if (declared !== undefined && declared.optional !== true && optional.has(workspace))
        throw new PipelineRunFailure(
          'RequiredWorkspaceMarkedOptional',
          `[User error] Optional workspace not supported by task: pipeline workspace ${JSON.stringify(workspace)} is marked optional but pipeline task ${JSON.stringify(task.name)} requires it be provided`,
        );
    }
}

const typeOf = (value: ParamValue): string =>
  typeof value === 'string' ? 'string' : Array.isArray(value) ? 'array' : 'object';

/** @throws PipelineRunFailure for what the Task wants and is not given, or is given otherwise */
export function checkTaskParams(run: PipelineRun, task: PipelineTask, ran: Ran | undefined): void {
  if (ran === undefined || childKindOf(task) !== 'TaskRun') return;
  const declared = ran.params ?? [];
  const given = task.params ?? [];
  const matrixed = [
    ...(task.matrix?.params ?? []),
    ...(task.matrix?.include ?? []).flatMap(({ params = [] }) => params),
  ];
  const names = new Set([...given, ...matrixed].map(({ name }) => name));
  const fail = (text: string): never => {
    throw new PipelineRunFailure(
      'PipelineValidationFailed',
      `[User error] Validation failed for pipelinerun ${run.metadata.name} with error invalid input params for task ${task.taskRef?.name ?? ''}: ${text}`,
    );
  };
  const missing = declared.filter((param) => param.default === undefined && !names.has(param.name));
  if (missing.length > 0)
    fail(
      `missing values for these params which have no default values: [${missing.map(({ name }) => name).join(' ')}]`,
    );
  const wrong = given.filter(({ name, value }) => {
    const type = declared.find((param) => param.name === name);
    // What will be a list or an object is still a variable.
    if (type === undefined || (typeof value === 'string' && value.includes('$('))) return false;
    return (type.type ?? (type.properties === undefined ? 'string' : 'object')) !== typeOf(value);
  });
  if (wrong.length > 0)
    fail(`param types don't match the user-specified type: [${wrong.map(({ name }) => name).join(' ')}]`);
  const objects = given.filter(({ value }) => typeOf(value) === 'object' && Object.keys(value).length > 0);
  const keys = missingKeys(declared, objects);
  if (keys.size > 0) fail(`missing keys for these params which are required in ParamSpec's properties ${goMap(keys)}`);
}
