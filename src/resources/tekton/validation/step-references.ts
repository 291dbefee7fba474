/** Results and artifacts of other steps: in which fields of a step they may be. */

import type { Step } from '../step.ts';
import { type Complaints, generic } from './complaint.ts';

const stepResult = /\$\(steps\..*?\.results\..*?\)/;
const stepArtifact = /\$\(steps\.[^.]+\.(?:inputs|outputs)\.[^.)]+\)|\$\(step\.artifacts\.path\)/;

/** Fields that are fixed before the first step runs. */
function* earlyFields(step: Step): Iterable<readonly [string, string | undefined]> {
  yield ['name', step.name];
  yield ['image', step.image];
  yield ['imagePullPolicy', step.imagePullPolicy];
  yield ['workingDir', step.workingDir];
  for (const { prefix, configMapRef, secretRef } of step.envFrom ?? []) {
    yield ['envFrom.prefix', prefix];
    yield ['envFrom.configMapRef', configMapRef?.name];
    yield ['envFrom.secretRef', secretRef?.name];
  }
  for (const { name, mountPath, subPath } of step.volumeMounts ?? []) {
    yield ['volumeMounts.name', name];
    yield ['volumeMounts.mountPath', mountPath];
    yield ['volumeMounts.subPath', subPath];
  }
  for (const { name, devicePath } of step.volumeDevices ?? []) {
    yield ['volumeDevices.name', name];
    yield ['volumeDevices.devicePath', devicePath];
  }
}

const refersTo = (pattern: RegExp, text: string | undefined): boolean =>
  text?.includes('$(') === true && pattern.test(text);

export function misplacedReferences(step: Step): Complaints {
  const fields = [...earlyFields(step)];
  const results = [...fields, ['script', step.script] as const].filter(([, text]) => refersTo(stepResult, text));
  const artifacts = fields.filter(([, text]) => refersTo(stepArtifact, text));
  return [
    ...results.map(([field]) =>
      generic('stepResult substitutions are only allowed in env, command and args. Found usage in', field),
    ),
    ...artifacts.map(([field]) =>
      generic('stepArtifact substitutions are only allowed in env, command, args and script. Found usage in', field),
    ),
  ];
}
