/** What a step takes from the steps before it right before its start: their results and artifacts. Pure. */

import type { FileValue } from '../../resources/core/start-order.ts';
import type { Step } from '../../resources/tekton/step.ts';
import { textsIn, variablesIn } from '../variables/substitution.ts';
import { stepArtifactsFile, stepResultFile } from './paths.ts';
import { stepContainer } from './step-names.ts';

/** By name of the variable, as the start order wants it. */
export function stepValues(step: Step, steps: readonly Step[]): Readonly<Record<string, FileValue>> {
  const { command, args, env, when, script } = step;
  const names = textsIn({ command, args, env, when, script }).flatMap(({ text }) => variablesIn(text));
  const values: Record<string, FileValue> = {};
  for (const name of names) {
    const found = resultValue(name, steps) ?? artifactValue(name, steps);
    if (found !== undefined) values[found.name] = found.value;
  }
  return values;
}

interface Named {
  readonly name: string;
  readonly value: FileValue;
}

function resultValue(variable: string, steps: readonly Step[]): Named | undefined {
  const [, stepName = '', rest = ''] = /^steps\.([^.]+)\.results\.(.+)$/.exec(variable) ?? [];
  if (rest === '') return undefined;
  const index = steps.findIndex((step) => step.name === stepName);
  const declared = steps[index]?.results ?? [];
  const result = declared.find(
    ({ name }) => rest === name || (rest.startsWith(name) && /^[.[]/.test(rest.slice(name.length))),
  );
  const name = result?.name ?? rest.replace(/[.[].*$/, '');
  const container = stepContainer({ name: stepName }, index);
  const { type } = result ?? {};
  return {
    name: `steps.${stepName}.results.${name}`,
    value: {
      file: stepResultFile(container, name),
      ...(type === 'string' || type === 'array' || type === 'object' ? { type } : {}),
    },
  };
}

/** `steps.STEP.outputs.NAME`: the values of an artifact, as JSON. */
function artifactValue(variable: string, steps: readonly Step[]): Named | undefined {
  const [, stepName = '', side = '', name = ''] = /^steps\.([^.]+)\.(inputs|outputs)(?:\.(.+))?$/.exec(variable) ?? [];
  if (side === '') return undefined;
  const index = steps.findIndex((step) => step.name === stepName);
  const container = stepContainer({ name: stepName }, index);
  return {
    name: variable,
    value: { file: stepArtifactsFile(container), at: [side, name === '' ? '0' : name, 'values'] },
  };
}
