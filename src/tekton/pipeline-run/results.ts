/** What finished tasks have left for others: results, the length of a matrix, artifacts, how they ended. Pure. */

import { jsonInOrder } from '../../resources/json.ts';
import type { ParamValue } from '../../resources/tekton/param.ts';
import type { Variables } from '../variables/substitution.ts';
import { countOf } from './matrix.ts';
import { type ResultReference, resultReference, variablesIn } from './result-reference.ts';
import { isOver, reasonWord, statusWord, type TaskState } from './task-state.ts';
import type { ChildRun } from './types.ts';

export type States = ReadonlyMap<string, TaskState>;

/** Why a reference has no value. */
export interface Missing {
  readonly reference: ResultReference;
  /** `producer`: there is none that is over; `result`: it has not written it; `index`: there are fewer; `key`: it has none. */
  readonly kind: 'producer' | 'result' | 'index' | 'key';
  readonly message: string;
}

/** The whole result of a task that is over; of a matrix the list of what its runs have left. */
function resultOf(state: TaskState, name: string): ParamValue | undefined {
  if (state.task.matrix === undefined) return ofRun(state.runs[0], name);
  const values = state.runs.flatMap((run) => ofRun(run, name) ?? []);
  return values.length === 0 ? undefined : (values as readonly string[]);
}

function ofRun(run: ChildRun | undefined, name: string): ParamValue | undefined {
  const value = run?.status?.results?.find((result) => result.name === name)?.value;
  return run?.kind === 'CustomRun' && typeof value === 'string' ? listOrText(value) : value;
}

/** A custom task's results are strings; a list is its JSON. */
function listOrText(text: string): ParamValue {
  if (!text.startsWith('[')) return text;
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === 'string')) return list;
  } catch {
    // Text that merely begins like a list.
  }
  return text;
}

/** What a reference stands for. */
export function valueAt(reference: ResultReference, states: States): ParamValue | Missing {
  const { task, result, index, key } = reference;
  const missing = (kind: Missing['kind'], message: string): Missing => ({ reference, kind, message });
  const state = states.get(task);
  if (state === undefined)
    return missing('producer', `could not find task ${JSON.stringify(task)} referenced by result`);
  if (!isOver(state)) return missing('producer', `task ${JSON.stringify(task)} referenced by result was not finished`);
  const whole = resultOf(state, result);
  const absent = missing(
    'result',
    `Invalid task result reference: Could not find result with name ${result} for pipeline task ${task}`,
  );
  if (whole === undefined) return absent;
  if (index !== undefined) {
    if (!Array.isArray(whole)) return absent;
    const item: string | undefined = whole[index];
    return (
      item ??
      missing(
        'index',
        `array Result Index ${index} for Task ${task} Result ${result} is out of bound of size ${whole.length}`,
      )
    );
  }
  if (key === undefined) return whole;
  if (typeof whole !== 'object' || Array.isArray(whole)) return absent;
  const item = (whole as Record<string, string>)[key];
  return (
    item ??
    missing(
      'key',
      `the result ${JSON.stringify(result)} of task ${JSON.stringify(task)} has no key ${JSON.stringify(key)}`,
    )
  );
}

export const isMissing = (value: ParamValue | Missing): value is Missing =>
  typeof value === 'object' && !Array.isArray(value) && 'reference' in value && typeof value.reference === 'object';

export interface Resolution {
  readonly variables: Variables;
  readonly missing: readonly Missing[];
}

/** The variables in `value` that other tasks of the Pipeline have values for. */
export function resolveIn(value: unknown, states: States): Resolution {
  const variables = new Map<string, ParamValue>();
  const missing: Missing[] = [];
  for (const text of variablesIn(value)) {
    const reference = resultReference(text);
    const found = reference === undefined ? lengthOrArtifact(text, states) : valueAt(reference, states);
    if (found === undefined) continue;
    if (isMissing(found)) missing.push(found);
    else variables.set(text, found);
  }
  return { variables, missing };
}

function lengthOrArtifact(text: string, states: States): string | undefined {
  const [, name = '', , result] = /^tasks\.([^.]+)\.matrix\.((.+)\.)?length$/.exec(text) ?? [];
  const matrix = states.get(name);
  if (matrix?.task.matrix !== undefined) {
    if (result === undefined) return String(matrix.runs.length || countOf(matrix.task.matrix));
    const values = isOver(matrix) ? resultOf(matrix, result) : undefined;
    return String(Array.isArray(values) ? values.length : 0);
  }
  const [, task = '', side, artifact] = /^tasks\.([^.]+)\.(inputs|outputs)(?:\.([^.]+))?$/.exec(text) ?? [];
  const state = states.get(task);
  return state === undefined ? undefined : artifactOf(state, side as 'inputs' | 'outputs', artifact);
}

type Artifacts = Readonly<Record<'inputs' | 'outputs', readonly { readonly name: string; readonly values: unknown }[]>>;

/** The values of an artifact, as JSON; without a name of the first. */
function artifactOf(state: TaskState, side: 'inputs' | 'outputs', name: string | undefined): string | undefined {
  const all = state.runs.flatMap((run) => ((run.status?.artifacts ?? {}) as Partial<Artifacts>)[side] ?? []);
  const found = name === undefined ? all[0] : all.find((artifact) => artifact.name === name);
  return found === undefined ? undefined : jsonInOrder(found.values);
}

/** `tasks.T.status` and `tasks.T.reason` of all tasks, and `tasks.status`. */
export function executionStatus(states: Iterable<TaskState>, aggregate: string): Variables {
  const variables = new Map<string, ParamValue>([['tasks.status', aggregate]]);
  for (const state of states) {
    const scope = state.isFinally ? 'finally' : 'tasks';
    for (const prefix of new Set(['tasks', scope])) {
      variables.set(`${prefix}.${state.task.name}.status`, statusWord(state));
      variables.set(`${prefix}.${state.task.name}.reason`, reasonWord(state));
    }
  }
  return variables;
}
