/** Rules of steps and sidecars. */

import { formatDuration, parseDuration } from '../../duration.ts';
import { isDns1123Label } from '../../names.ts';
import type { Sidecar, Step } from '../step.ts';
import {
  type Complaints,
  detailed,
  generic,
  invalidValue,
  missingField,
  multipleOneOf,
  quoted,
  under,
  underEach,
} from './complaint.ts';
import { referenceErrors } from './references.ts';
import { stepResultErrors } from './results.ts';
import { misplacedReferences } from './step-references.ts';
import { onlyKnown } from './variable-references.ts';
import { whenErrors } from './when.ts';
import { cleanPath } from './workspaces.ts';

/** @param steps as the template completes them */
export function stepsErrors(steps: readonly Step[]): Complaints {
  const names = new Set<string>();
  return underEach('', steps, (step) => {
    const repeated = step.name !== undefined && names.has(step.name);
    if (step.name) names.add(step.name);
    return [
      ...(repeated ? [multipleOneOf('name')] : []),
      ...stepErrors(step),
      ...resultErrors(step),
      ...whenErrors(step.when),
    ];
  });
}

function resultErrors({ results = [], script }: Step): Complaints {
  if (results.length === 0) return [];
  const known = new Set(results.map(({ name }) => name));
  return [
    ...under('script', onlyKnown(script, 'step.results', known)),
    ...underEach('results', results, stepResultErrors),
  ];
}

function stepErrors(step: Step): Complaints {
  const { name, timeout, onError, script = '' } = step;
  return [
    ...(step.ref === undefined ? ownProgramErrors(step) : refErrors(step)),
    ...(name && !isDns1123Label(name)
      ? [
          detailed(
            `invalid value ${quoted(name)}`,
            'name',
            'Task step name must be a valid DNS Label, For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names',
          ),
        ]
      : []),
    ...(timeout !== undefined && (parseDuration(timeout) ?? 0) < 0
      ? [invalidValue(signed(timeout), 'negative timeout')]
      : []),
    ...underEach('volumeMounts', step.volumeMounts, mountErrors),
    ...(onError && !onError.startsWith('$(params') && onError !== 'continue' && onError !== 'stopAndFail'
      ? [
          detailed(
            `invalid value: "${onError}"`,
            'onError',
            'Task step onError must be either "continue" or "stopAndFail"',
          ),
        ]
      : []),
    ...(script.trim().startsWith('#!win')
      ? [
          generic(
            'windows script support requires "enable-api-fields" feature gate to be "alpha" but it is "beta"',
            'script',
          ),
        ]
      : []),
    ...misplacedReferences(step),
  ];
}

/** A negative duration in Go's form. */
export function signed(duration: string): string {
  const milliseconds = parseDuration(duration) ?? 0;
  return milliseconds < 0 ? `-${formatDuration(-milliseconds)}` : formatDuration(milliseconds);
}

function ownProgramErrors({ params = [], image = '', script = '', command = [] }: Step): Complaints {
  return [
    ...(params.length > 0 ? [generic('params cannot be used without Ref', 'params')] : []),
    ...(image === '' ? [missingField('Image')] : []),
    ...(script !== '' && command.length > 0 ? [generic('script cannot be used with command', 'script')] : []),
  ];
}

/** What a StepAction says, a step that refers to it cannot. */
const saidByStepAction = {
  image: 'image',
  command: 'command',
  args: 'args',
  script: 'script',
  workingDir: 'working dir',
  env: 'env',
  volumeMounts: 'volumeMounts',
  results: 'results',
} as const;

function refErrors(step: Step): Complaints {
  const fields = Object.keys(saidByStepAction) as (keyof typeof saidByStepAction)[];
  return [
    ...referenceErrors(step.ref ?? {}),
    ...fields
      .filter((field) => (step[field]?.length ?? 0) > 0)
      .map((field) => generic(`${saidByStepAction[field]} cannot be used with Ref`, field)),
  ];
}

function mountErrors({ name, mountPath }: { readonly name: string; readonly mountPath: string }): Complaints {
  const path = cleanPath(mountPath);
  const reserved = path.startsWith('/tekton/') && !path.startsWith('/tekton/home');
  return [
    ...(reserved
      ? [
          generic(
            `volumeMount cannot be mounted under /tekton/ (volumeMount ${quoted(name)} mounted at ${quoted(mountPath)})`,
            'mountPath',
          ),
        ]
      : []),
    ...(name.startsWith('tekton-internal-')
      ? [generic(`volumeMount name ${quoted(name)} cannot start with "tekton-internal-"`, 'name')]
      : []),
  ];
}

/** Tekton gives no index here. */
export const sidecarsErrors = (sidecars: readonly Sidecar[] = []): Complaints =>
  sidecars.flatMap(({ name, image = '', script = '', command = [] }) => [
    ...(name === 'tekton-log-results'
      ? [generic('Invalid: cannot use reserved sidecar name tekton-log-results ', 'name')]
      : []),
    ...(image === '' ? [missingField('image')] : []),
    ...(script !== '' && command.length > 0 ? [generic('script cannot be used with command', 'script')] : []),
  ]);
