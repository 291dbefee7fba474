/** Results of steps and of the run, as they follow from what containers returned. Pure. */

import type { Artifact } from '../../resources/tekton/artifact.ts';
import { paramValue } from '../../resources/tekton/defaults/param-values.ts';
import type { ParamValue, RunResult, StepResult, TaskResult } from '../../resources/tekton/param.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { goMap, typeOfValue } from '../variables/params.ts';
import { userError } from './failure.ts';
import { returned } from './start-order.ts';
import { stepContainer } from './step-names.ts';

interface Returned {
  readonly key: string;
  readonly value: string;
  readonly type: number;
}

/** What a termination message returns; nothing when it says something else. */
function returnedBy(message: string | undefined): readonly Returned[] {
  if (message === undefined || !message.startsWith('[')) return [];
  try {
    const list: unknown = JSON.parse(message);
    return Array.isArray(list) ? list.filter(isReturned) : [];
  } catch {
    return [];
  }
}

const isReturned = (item: unknown): item is Returned =>
  typeof item === 'object' &&
  item !== null &&
  typeof (item as Returned).key === 'string' &&
  typeof (item as Returned).value === 'string' &&
  typeof (item as Returned).type === 'number';

/** A string is taken as it is; what should be a list or an object is read as JSON, and is a string when that fails. */
function resultOf(name: string, text: string, declared: StepResult | undefined): RunResult {
  const value = declared?.type === undefined || declared.type === 'string' ? text : valueIn(text);
  return { name, type: typeOfValue(value), value };
}

/** Lists and maps of anything but strings are none, as in params. */
function valueIn(text: string): ParamValue {
  // As in Tekton not even a blank comes before.
  if (!/^[[{]/.test(text)) return text;
  try {
    const value = paramValue(JSON.parse(text));
    return typeof value === 'string' ? text : value;
  } catch {
    return text;
  }
}

/** @param message of the step's container */
export function stepResults(
  { results = [] }: { readonly results?: readonly StepResult[] },
  message: string | undefined,
): readonly RunResult[] {
  return returnedBy(message)
    .filter(({ type }) => type === returned.stepResult)
    .map(({ key, value }) =>
      resultOf(
        key,
        value,
        results.find(({ name }) => name === key),
      ),
    );
}

export interface StepArtifacts {
  readonly inputs?: readonly Artifact[];
  readonly outputs?: readonly Artifact[];
}

/** What a step says of artifacts: its own, or what it says of the whole Task's. */
export function artifactsIn(message: string | undefined, type: number): StepArtifacts | undefined {
  const text = returnedBy(message).findLast((item) => item.type === type)?.value;
  if (text === undefined) return undefined;
  try {
    const { inputs, outputs } = JSON.parse(text) as StepArtifacts;
    return {
      ...(Array.isArray(inputs) ? { inputs } : {}),
      ...(Array.isArray(outputs) ? { outputs } : {}),
    };
  } catch {
    return undefined;
  }
}

/** Termination messages by container. */
export type Messages = ReadonlyMap<string, string | undefined>;

/** The run's results: the last step that wrote one wins; others are taken from results of steps. */
export function taskResults(spec: TaskSpec, messages: Messages): readonly RunResult[] {
  const found = new Map<string, RunResult>();
  const { results = [], steps = [] } = spec;
  for (const [index, step] of steps.entries()) {
    const container = stepContainer(step, index);
    const message = messages.get(container);
    for (const { key, value, type } of returnedBy(message)) {
      const declared = results.find(({ name }) => name === key);
      if (type === returned.taskResult && declared !== undefined) found.set(key, resultOf(key, value, declared));
    }
    const own = new Map(stepResults(step, message).map((result) => [result.name, result]));
    for (const { name, value } of results) {
      const source = fromStep(value);
      const result = source?.step === step.name ? own.get(source?.result ?? '') : undefined;
      if (result !== undefined) found.set(name, { ...result, name });
    }
  }
  return [...found.values()];
}

function fromStep(value: TaskResult['value']): { readonly step: string; readonly result: string } | undefined {
  if (typeof value !== 'string') return undefined;
  const [, step, result] = /^\$\(steps\.([^.]+)\.results\.([^)[]+?)(?:\[\*\])?\)$/.exec(value.trim()) ?? [];
  return step === undefined || result === undefined ? undefined : { step, result };
}

/** Only those that are of their declared type. */
export const fittingResults = ({ results: declared = [] }: TaskSpec, results: readonly RunResult[]) =>
  results.filter(({ name, type }) => {
    const wanted = declared.find((result) => result.name === name)?.type ?? 'string';
    return type === wanted;
  });

/** @throws TaskRunFailure for results of another type than declared, and objects without a declared key */
export function checkResults(spec: TaskSpec, results: readonly RunResult[]): void {
  const { results: declared = [] } = spec;
  const wrong = results.flatMap(({ name, type }) => {
    const wanted = declared.find((result) => result.name === name)?.type ?? 'string';
    if (type === wanted) return [];
    return [
      ` "${name}": task result is expected to be "${wanted}" type but was initialized to a different type "${type}"`,
    ];
  });
  if (wrong.length > 0)
    throw userError(
      `Provided results don't match declared results; may be invalid JSON or missing result declaration: ${wrong.sort().join(',')}`,
    );
  const missing = new Map<string, readonly string[]>();
  for (const { name, value } of results) {
    const keys = Object.keys(declared.find((result) => result.name === name)?.properties ?? {});
    // An empty object is accepted, as in Tekton.
    const isNone = typeOfValue(value) !== 'object' || Object.keys(value).length === 0;
    const lacks = isNone ? [] : keys.filter((key) => !Object.hasOwn(value as object, key));
    if (lacks.length > 0) missing.set(name, lacks);
  }
  if (missing.size > 0)
    throw userError(`missing keys for these results which are required in TaskResult's properties ${goMap(missing)}`);
}
