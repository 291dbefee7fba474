/** The results of a Pipeline, once its run is over. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';
import type { PipelineSpec } from '../../resources/tekton/pipeline-spec.ts';
import { substituteValue } from '../variables/substitution.ts';
import type { Progress } from './progress.ts';
import { resultReference, variablesIn } from './result-reference.ts';
import { executionStatus, isMissing, type States, valueAt } from './results.ts';
import { isSuccessful } from './task-state.ts';

export interface PipelineResults {
  readonly results: readonly { readonly name: string; readonly value: ParamValue }[];
  /** Results that refer to something that a succeeded task has not produced. */
  readonly invalid: readonly string[];
}

/** A result of a task that was skipped or has failed is left out. */
export function pipelineResults(spec: PipelineSpec, states: States, progress: Progress): PipelineResults {
  const results: { name: string; value: ParamValue }[] = [];
  const invalid: string[] = [];
  const status = executionStatus(states.values(), progress.aggregateStatus);
  for (const { name, value } of spec.results ?? []) {
    const texts = variablesIn(value);
    const variables = new Map(status);
    let verdict: 'valid' | 'absent' | 'invalid' = texts.length === 0 ? 'absent' : 'valid';
    for (const text of texts) {
      const reference = resultReference(text);
      const found = reference === undefined ? status.get(text) : valueAt(reference, states);
      if (found !== undefined && !isMissing(found)) variables.set(text, found);
      else verdict = worse(verdict, reference !== undefined && mayBeAbsent(states, reference.task));
    }
    if (verdict === 'invalid') invalid.push(name);
    else if (verdict === 'valid') results.push({ name, value: substituteValue(value, variables) });
  }
  return { results, invalid };
}

const worse = (verdict: 'valid' | 'absent' | 'invalid', mayBe: boolean): 'absent' | 'invalid' =>
  verdict === 'invalid' || !mayBe ? 'invalid' : 'absent';

function mayBeAbsent(states: States, task: string): boolean {
  const state = states.get(task);
  return state !== undefined && !isSuccessful(state);
}
