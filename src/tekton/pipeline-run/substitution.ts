/** Variables in the fields of a pipeline task in which Tekton replaces them. Pure. */

import { withoutUndefined } from '../../resources/json.ts';
import type { Param, ParamValue } from '../../resources/tekton/param.ts';
import type { EmbeddedTask, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { TaskRef } from '../../resources/tekton/reference.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { WhenExpression } from '../../resources/tekton/when.ts';
import {
  substituteDeep,
  substituteList,
  substituteText,
  substituteValue,
  type Variables,
} from '../variables/substitution.ts';

export const substituteParams = (params: readonly Param[], variables: Variables): readonly Param[] =>
  params.map(({ name, value }) => ({ name, value: substituteValue(value, variables) }));

/** In `input` a list is its JSON. */
function substituteWhen(expression: WhenExpression, variables: Variables): WhenExpression {
  const { input, values, cel } = expression;
  return {
    ...expression,
    ...(input === undefined ? {} : { input: asText(substituteValue(input, variables)) }),
    ...(values === undefined ? {} : { values: substituteList(values, variables) }),
    ...(cel === undefined ? {} : { cel: substituteText(cel, variables) }),
  };
}

const asText = (value: ParamValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

const substituteReference = <R extends Pick<TaskRef, 'name' | 'params'>>(reference: R, variables: Variables): R => ({
  ...reference,
  ...(reference.name === undefined ? {} : { name: substituteText(reference.name, variables) }),
  ...(reference.params === undefined ? {} : { params: substituteParams(reference.params, variables) }),
});

/** @param inside what is replaced in an embedded TaskSpec; default: the same */
export function substituteTask(task: PipelineTask, variables: Variables, inside: Variables = variables): PipelineTask {
  if (variables.size === 0 && inside.size === 0) return task;
  const { displayName, params, matrix, when, taskRef, pipelineRef, taskSpec, workspaces, onError } = task;
  return {
    ...task,
    ...(displayName === undefined ? {} : { displayName: substituteText(displayName, variables) }),
    ...(params === undefined ? {} : { params: substituteParams(params, variables) }),
    ...(matrix === undefined ? {} : { matrix: substituteMatrix(matrix, variables) }),
    ...(when === undefined ? {} : { when: when.map((expression) => substituteWhen(expression, variables)) }),
    ...(taskRef === undefined ? {} : { taskRef: substituteReference(taskRef, variables) }),
    ...(pipelineRef === undefined ? {} : { pipelineRef: substituteReference(pipelineRef, variables) }),
    ...(taskSpec === undefined ? {} : { taskSpec: substituteEmbedded(taskSpec, inside) }),
    ...(onError === undefined ? {} : { onError: substituteText(onError, variables) }),
    ...(workspaces === undefined
      ? {}
      : {
          workspaces: workspaces.map((workspace) => ({
            ...workspace,
            ...(workspace.subPath === undefined ? {} : { subPath: substituteText(workspace.subPath, variables) }),
          })),
        }),
  };
}

const substituteMatrix = (
  matrix: NonNullable<PipelineTask['matrix']>,
  variables: Variables,
): NonNullable<PipelineTask['matrix']> => ({
  ...(matrix.params === undefined ? {} : { params: substituteParams(matrix.params, variables) }),
  ...(matrix.include === undefined
    ? {}
    : {
        include: matrix.include.map((include) => ({
          ...include,
          ...(include.params === undefined ? {} : { params: substituteParams(include.params, variables) }),
        })),
      }),
});

/** Everything but what declares or describes; and what a custom task's controller reads stays as it was written. */
function substituteEmbedded(spec: EmbeddedTask, variables: Variables): EmbeddedTask {
  if (variables.size === 0) return spec;
  const { params, results, description, displayName, metadata, spec: custom, steps, ...rest } = spec;
  const kept = { params, results, description, displayName, metadata, spec: custom };
  return {
    ...substituteDeep(rest, variables),
    ...(steps === undefined ? {} : { steps: steps.map((step) => substituteStep(step, variables)) }),
    ...withoutUndefined(kept),
  };
}

/** What a StepAction gets may be a whole list or object. */
function substituteStep({ params, ...step }: Step, variables: Variables): Step {
  return {
    ...substituteDeep(step, variables),
    ...(params === undefined ? {} : { params: substituteParams(params, variables) }),
  };
}
