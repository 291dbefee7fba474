/** The order of a Task's containers, in the words of the node (core/start-order.ts). Pure. */

import type { ContainerOrder, ReturnedFile, StartOrder } from '../../resources/core/start-order.ts';
import { parseDuration } from '../../resources/duration.ts';
import type { Sidecar, Step } from '../../resources/tekton/step.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import {
  artifactsFile,
  exitCodeFile,
  paths,
  resultFile,
  stepArtifactsFile,
  stepFolder,
  stepResultFile,
} from './paths.ts';
import { scriptFile } from './scripts.ts';
import { sidecarContainer, stepContainer } from './step-names.ts';
import { stepValues } from './step-values.ts';

/** Tekton's types of what a termination message returns. */
export const returned = { taskResult: 1, stepResult: 4, stepArtifacts: 5, taskArtifacts: 6 } as const;

/** Each step waits for the one before it; `onError: continue` lets the next one start all the same. */
function chain(step: Step, index: number, steps: readonly Step[]): ContainerOrder {
  const before = steps[index - 1];
  const timeout = step.timeout === undefined ? undefined : parseDuration(step.timeout);
  return {
    ...(before === undefined ? {} : { after: stepContainer(before, index - 1) }),
    ...(step.onError === 'continue' ? { ignoreFailure: true } : {}),
    ...(timeout === undefined || timeout === 0 ? {} : { timeoutSeconds: timeout / 1000 }),
  };
}

/** The order of steps that use none of Tekton's own files. */
export function bareOrder(steps: readonly Step[]): StartOrder {
  const entries = steps.map((step, index) => [stepContainer(step, index), chain(step, index, steps)] as const);
  return Object.fromEntries(entries.filter(([, entry]) => Object.keys(entry).length > 0));
}

/** @param key tells runs apart @param steps with their template, and nothing left to replace but other steps' results */
export function startOrder(spec: TaskSpec, steps: readonly Step[], key: string): StartOrder {
  const sidecars = spec.sidecars ?? [];
  const order: Record<string, ContainerOrder> = {};
  const artifacts = usesArtifacts(steps);
  for (const [index, step] of steps.entries())
    order[stepContainer(step, index)] = {
      ...chain(step, index, steps),
      ...(index === 0 && sidecars.length > 0 ? { afterReady: sidecars.map(sidecarContainer) } : {}),
      ...ofStep(spec, step, index, steps, key, artifacts),
    };
  for (const [index, sidecar] of sidecars.entries())
    order[sidecarContainer(sidecar)] = { sidecar: true, ...ofSidecar(sidecar, index, key) };
  return order;
}

function ofStep(
  spec: TaskSpec,
  step: Step,
  index: number,
  steps: readonly Step[],
  key: string,
  artifacts: boolean,
): ContainerOrder {
  const container = stepContainer(step, index);
  const values = stepValues(step, steps);
  const returns = returnedFiles(spec, step, container, artifacts);
  return {
    folders: foldersOf(step, container),
    links: { [`${paths.steps}/${index}`]: container },
    exitCodeFile: exitCodeFile(container),
    ...(step.script ? { files: [script(step.script, values, scriptFile(step.script, 'script', index, key))] } : {}),
    ...(Object.keys(values).length === 0 ? {} : { values }),
    ...(step.when === undefined || step.when.length === 0 ? {} : { when: step.when as ContainerOrder['when'] }),
    ...(returns.length === 0 ? {} : { returns }),
    ...(step.stdoutConfig?.path ? { stdoutFile: step.stdoutConfig.path } : {}),
    ...(step.stderrConfig?.path ? { stderrFile: step.stderrConfig.path } : {}),
    ...((step.command ?? []).length === 0 && !step.script && (step.args ?? []).length > 0 ? { appendToCmd: true } : {}),
  };
}

type File = ReturnType<typeof scriptFile>;

/** Only artifacts of other steps are replaced in a script. */
const script = (text: string, values: object, file: File): File =>
  Object.keys(values).some((name) => text.includes(`$(${name})`)) ? { ...file, expand: true } : file;

const ofSidecar = ({ script }: Sidecar, index: number, key: string): ContainerOrder =>
  script ? { files: [scriptFile(script, 'sidecar-script', index, key)] } : {};

function foldersOf(step: Step, container: string): readonly string[] {
  const { workingDir = '' } = step;
  return [
    paths.home,
    paths.results,
    paths.credentials,
    paths.artifacts,
    paths.run,
    paths.downward,
    ...(step.script ? [] : [paths.scripts]),
    `${stepFolder(container)}/results`,
    `${stepFolder(container)}/artifacts`,
    ...(workingDir.startsWith(`${paths.workspace}/`) ? [workingDir] : []),
  ];
}

function returnedFiles(spec: TaskSpec, step: Step, container: string, artifacts: boolean): readonly ReturnedFile[] {
  const results = (spec.results ?? []).filter(({ value }) => value === undefined);
  const named = [
    ...results.map(({ name }) => ({ file: resultFile(name), key: name, type: returned.taskResult })),
    ...(step.results ?? []).map(({ name }) => ({
      file: stepResultFile(container, name),
      key: name,
      type: returned.stepResult,
    })),
  ];
  return [
    // As Tekton lists them: by name.
    ...named.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
    ...(artifacts
      ? [
          { file: stepArtifactsFile(container), key: stepArtifactsFile(container), type: returned.stepArtifacts },
          { file: artifactsFile, key: artifactsFile, type: returned.taskArtifacts },
        ]
      : []),
  ];
}

/** Whether any step writes or reads a file of artifacts. */
const usesArtifacts = (steps: readonly Step[]): boolean =>
  steps.some(({ script, args, command, env }) =>
    /artifacts\/provenance\.json|\$\(steps\.[^.)]+\.(inputs|outputs)/.test(
      JSON.stringify({ script, args, command, env }),
    ),
  );
