/** Rules of a PipelineSpec, of a Pipeline or embedded in something. */

import type { PipelineSpec, PipelineTask } from '../pipeline-spec.ts';
import { type Complaints, generic, invalidValue, quoted, under, underEach } from './complaint.ts';
import { graphErrors } from './pipeline-graph.ts';
import { pipelineContextErrors, pipelineParamErrors, usedParamErrors } from './pipeline-params.ts';
import { executionStatusErrors, finallyErrors, matrixResultErrors, pipelineResultErrors } from './pipeline-results.ts';
import { isMatrixed, matrixErrors, pipelineTaskErrors } from './pipeline-tasks.ts';
import { expressionsOfValue, expressionsOfWhen } from './result-references.ts';
import { completedSteps } from './step-template.ts';
import { declaredParamErrors } from './step-variables.ts';
import { whenErrors } from './when.ts';

/** Pipelines inside of one another, before somebody has made a mistake. */
const deepest = 20;

export function pipelineSpecErrors(spec: PipelineSpec, depth = 0): Complaints {
  const { tasks, finally: last, params } = spec;
  if (depth > deepest) return [generic(`more than ${deepest} Pipelines are inside of one another`, '')];
  const each = (rule: (task: PipelineTask) => Complaints): Complaints => [
    ...underEach('tasks', tasks, rule),
    ...underEach('finally', last, rule),
  ];
  return [
    ...emptyErrors(spec),
    ...pipelineTaskErrors(spec, (inner) => pipelineSpecErrors(inner, depth + 1)),
    ...graphErrors(tasks),
    ...under('tasks', pipelineParamErrors(tasks, params)),
    ...under('finally', pipelineParamErrors(last, params)),
    ...under('tasks', pipelineContextErrors(tasks)),
    ...under('finally', pipelineContextErrors(last)),
    ...executionStatusErrors(spec),
    ...declaredWorkspaceErrors(spec),
    ...pipelineResultErrors(spec),
    ...finallyErrors(spec),
    ...each(({ when }) => whenErrors(when)),
    ...each(matrixErrors),
    ...under('tasks', matrixResultErrors(tasks)),
    ...under('finally', matrixResultErrors(last)),
    ...each(prefixErrors),
  ];
}

/** A Pipeline that stands alone gets no params and workspaces from outside, so that it declares all it uses. */
export function pipelineErrors(spec: PipelineSpec): Complaints {
  const { tasks, finally: last, params = [] } = spec;
  const embedded = ({ taskSpec }: PipelineTask): Complaints =>
    taskSpec === undefined
      ? []
      : declaredParamErrors(completedSteps(taskSpec), [...(taskSpec.params ?? []), ...params]);
  return under('spec', [
    ...pipelineSpecErrors(spec),
    ...underEach('tasks', tasks, embedded),
    ...underEach('finally', last, embedded),
    ...under('tasks', usedParamErrors(tasks, params)),
    ...under('finally', usedParamErrors(last, params)),
    ...usedWorkspaceErrors(spec),
  ]);
}

const emptyErrors = (spec: PipelineSpec): Complaints =>
  Object.values(spec as Readonly<Record<string, string | readonly unknown[] | undefined>>).some(
    (value) => (value ?? '').length > 0,
  )
    ? []
    : [generic('expected at least one, got none', 'description', 'params', 'resources', 'tasks', 'workspaces')];

function declaredWorkspaceErrors({ workspaces }: PipelineSpec): Complaints {
  const names = new Set<string>();
  return underEach('workspaces', workspaces, ({ name }, index) => {
    const again = names.has(name);
    names.add(name);
    return [
      ...(name === '' ? [invalidValue(`workspace ${index} has empty name`, '')] : []),
      ...(again ? [invalidValue(`workspace with name ${JSON.stringify(name)} appears more than once`, '')] : []),
    ];
  });
}

function usedWorkspaceErrors({ workspaces = [], tasks, finally: last }: PipelineSpec): Complaints {
  const declared = new Set(workspaces.map(({ name }) => name));
  const rule = ({ name: task, workspaces: bound }: PipelineTask): Complaints => {
    const seen = new Set<string>();
    return underEach('workspaces', bound, ({ name, workspace }) => {
      const again = seen.has(name);
      const wanted = workspace || name;
      seen.add(name);
      return [
        ...(again ? [generic(`workspace name ${JSON.stringify(name)} must be unique`, '')] : []),
        ...(declared.has(wanted)
          ? []
          : [
              invalidValue(
                `pipeline task ${quoted(task)} expects workspace with name ${quoted(wanted)} but none exists in pipeline spec`,
                '',
              ),
            ]),
      ];
    });
  };
  return [...underEach('tasks', tasks, rule), ...underEach('finally', last, rule)];
}

const prefixes = new Set(['params', 'tasks', 'finally', 'context', 'workspaces', 'results']);

/** A variable begins with a word that means something. */
function prefixErrors(task: PipelineTask): Complaints {
  const rule = (expressions: readonly string[], path: string): Complaints =>
    expressions
      .filter((expression) => !prefixes.has(expression.split('.')[0] ?? ''))
      .map((expression) =>
        invalidValue(
          `invalid variable reference "$(${expression})", must start with a valid prefix: params, tasks, finally, context, workspaces, or results; if you meant a shell variable, use \${VAR} instead`,
          path,
        ),
      );
  const ofParams = (field: string, params: PipelineTask['params'] = []): Complaints =>
    params.flatMap(({ name, value }) => rule(expressionsOfValue(value), `${field}[${name}].value`));
  return [
    ...ofParams('params', task.params),
    ...underEach('when', task.when, (expression) => rule(expressionsOfWhen(expression), '')),
    ...(isMatrixed(task)
      ? [
          ...ofParams('matrix.params', task.matrix?.params),
          ...underEach('matrix.include', task.matrix?.include, ({ params }) => ofParams('params', params)),
        ]
      : []),
  ];
}
