/** Rules of the params that pipeline tasks use. */

import type { ParamValue } from '../param.ts';
import type { PipelineTask } from '../pipeline-spec.ts';
import type { WhenExpression } from '../when-expression.ts';
import { type Complaints, under, underEach } from './complaint.ts';
import {
  enumErrors,
  namesOf,
  ofType,
  type ParamSpecs,
  paramTypeErrors,
  repeatedDeclarations,
  repeatedParamErrors,
} from './params.ts';
import { isMatrixed } from './pipeline-tasks.ts';
import { allParams } from './result-references.ts';
import { isolated, isWholeReference, literal, noneAsWhole, noneOf, onlyKnown } from './variable-references.ts';

/** The declarations, and that no task gives a param twice. */
export const pipelineParamErrors = (tasks: readonly PipelineTask[] = [], specs: ParamSpecs = []): Complaints => [
  ...under('params', paramTypeErrors(specs)),
  ...repeatedDeclarations(specs),
  ...under('params', enumErrors(specs)),
  ...underEach('', tasks, ({ params }) => under('params', repeatedParamErrors(params))),
];

/** Every param that tasks use is declared, and used as its type allows. */
export function usedParamErrors(tasks: readonly PipelineTask[] = [], specs: ParamSpecs = []): Complaints {
  const rules = new ParamRules(specs);
  return underEach('', tasks, (task) => [
    ...under('params', repeatedParamErrors(task.params)),
    ...(task.params ?? []).flatMap(({ name, value }) => rules.ofValue(name, value)),
    ...rules.ofMatrix(task),
    ...underEach('when', task.when, (expression) => rules.ofWhen(expression)),
  ]);
}

class ParamRules {
  readonly #known: ReadonlySet<string>;
  readonly #lists: ReadonlySet<string>;
  readonly #objects: ParamSpecs;

  constructor(specs: ParamSpecs) {
    this.#known = namesOf(specs);
    this.#lists = namesOf(ofType(specs, 'array'));
    // Of one that says no keys Tekton knows none that are wrong.
    this.#objects = ofType(specs, 'object').filter(({ properties = {} }) => Object.keys(properties).length > 0);
  }

  ofValue(name: string, value: ParamValue): Complaints {
    const path = `params[${name}]`;
    if (typeof value === 'string')
      return under(
        path,
        isWholeReference(value, 'params') ? onlyKnown(value, 'params', this.#known) : this.#text(value),
      );
    if (Array.isArray(value)) return this.#list(`${path}.value`, value as readonly string[]);
    return Object.entries(value).flatMap(([key, text]) => under(`${path}.properties[${key}]`, this.#text(text)));
  }

  ofMatrix(task: PipelineTask): Complaints {
    if (!isMatrixed(task)) return [];
    const { include, params = [] } = task.matrix ?? {};
    return [
      ...(include ?? []).flatMap((entry) =>
        underEach('matrix.include.params', entry.params, ({ value }) =>
          typeof value === 'string' ? this.#text(value) : [],
        ),
      ),
      ...params.flatMap(({ name, value }) =>
        Array.isArray(value) ? this.#list(`matrix.params[${name}].value`, value as readonly string[]) : [],
      ),
    ];
  }

  ofWhen({ input, values = [] }: WhenExpression): Complaints {
    return [
      ...under('input', this.#text(input)),
      ...values.flatMap((value) =>
        under('values', this.#lists.has(listReference(value)) ? this.#element(value) : this.#text(value)),
      ),
    ];
  }

  #list(path: string, values: readonly string[]): Complaints {
    return values.flatMap((text, index) => under(`${path}[${index}]`, this.#element(text)));
  }

  /** Text in which strings and keys of objects may be. */
  #text(text: string | undefined): Complaints {
    return [...this.#common(text), ...noneOf(text, 'params', this.#lists)];
  }

  /** An element of a list, which a whole list may stand for. */
  #element(text: string): Complaints {
    return [...this.#common(text), ...isolated(text, 'params', this.#lists)];
  }

  #common(text: string | undefined): Complaints {
    if (text?.includes('$(') !== true) return [];
    return [
      ...onlyKnown(text, 'params', this.#known),
      ...this.#objects.flatMap(({ name, properties = {} }) =>
        onlyKnown(text, `params\\.${literal(name)}`, new Set(Object.keys(properties))),
      ),
      ...noneAsWhole(text, 'params', namesOf(this.#objects)),
    ];
  }
}

/** `list` of `$(params.list[*])`. */
const listReference = (text: string): string => text.replace(/^\$\(params\./, '').replace(/\[\*\]\)$/, '');

const contexts = [
  ['context\\.pipelineRun', new Set(['name', 'namespace', 'uid'])],
  ['context\\.pipeline', new Set(['name'])],
  ['context\\.pipelineTask', new Set(['retries'])],
] as const;

/** `$(context.…)` in params of tasks. */
export const pipelineContextErrors = (tasks: readonly PipelineTask[] = []): Complaints =>
  tasks
    .flatMap(allParams)
    .flatMap(({ value }) => Object.values(typeof value === 'string' ? [value] : value) as string[])
    .flatMap((text) => contexts.flatMap(([prefix, known]) => under('value', onlyKnown(text, prefix, known))));
