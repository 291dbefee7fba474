/**
 * Places at which a run stops for somebody to look (`spec.debug.breakpoints`): before steps, and at a step that has failed.
 * A script runs around the step's command and waits in the step's container, so a place is held without anybody's doing, over
 * restarts of the server too; whoever has looked runs one of the debug scripts there, which write to the files that Tekton's
 * write to. Those files are pipes, out of which the waiting script reads what is to be done. Pure.
 */

import type { VolumeMount } from '../../resources/core/pod.ts';
import type { ContainerFile, ContainerOrder } from '../../resources/core/start-order.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { paths } from './paths.ts';

type Breakpoints = NonNullable<NonNullable<TaskRun['spec']['debug']>['breakpoints']>;

export interface StepPlace {
  /** Index of the step. */
  readonly index: number;
  /** Name of the step; an unnamed one has a breakpoint only for its failure. */
  readonly name: string;
}

/** What a run stops at; undefined: nothing. */
export function breakpointsOf({ spec }: TaskRun): Breakpoints | undefined {
  const { onFailure, beforeSteps = [] } = spec.debug?.breakpoints ?? {};
  return onFailure === 'enabled' || beforeSteps.length > 0 ? spec.debug?.breakpoints : undefined;
}

/** Whether `onError` of steps says nothing. */
export const overridesOnError = ({ onFailure }: Breakpoints): boolean => onFailure === 'enabled';

/** Adds breakpoints to a step's entry in the start order. Its timeout counts for the command only, not while it waits. */
export function withBreakpoints(order: ContainerOrder, breakpoints: Breakpoints, place: StepPlace): ContainerOrder {
  const { timeoutSeconds, ignoreFailure, ...rest } = order;
  const { index } = place;
  return {
    ...rest,
    // Whether a failure is ignored is decided at the breakpoint.
    ...(ignoreFailure === undefined || overridesOnError(breakpoints) ? {} : { ignoreFailure }),
    // As in Tekton the steps after a failed one run too while onFailure is enabled.
    ...(breakpoints.onFailure === 'enabled' && index > 0 ? { afterFailure: true } : {}),
    folders: [...(order.folders ?? []), `${paths.run}/${index}`, `${paths.debugInfo}/${index}`],
    files: [...(order.files ?? []), ...debugScripts(breakpoints, place)],
    around: around(breakpoints, place, timeoutSeconds),
    ...(timeoutSeconds === undefined ? {} : { timeoutFile: timeoutFile(index) }),
  };
}

export const debugVolume = { name: 'tekton-internal-debug-info', emptyDir: {} } as const;

/** Each step finds its own number only, and writes to its own folder. */
export const debugMounts = (container: string, index: number): readonly VolumeMount[] => [
  { name: 'tekton-internal', mountPath: `${paths.run}/${index}`, subPath: `run/${index}` },
  { name: debugVolume.name, mountPath: paths.debugInfo, subPath: container },
];

const stopsBefore = ({ beforeSteps = [] }: Breakpoints, name: string): boolean => beforeSteps.includes(name);

function debugScripts(breakpoints: Breakpoints, place: StepPlace): readonly ContainerFile[] {
  const script = (name: string, kind: 'breakpoint' | 'beforestep', mark: string, answer: string): ContainerFile => {
    const folder = `${paths.run}/${place.index}`;
    return {
      path: `${paths.debugScripts}/${name}`,
      content: `#!/bin/sh
pipe=${folder}/out.${kind}exit
if [ ! -p "$pipe" ]; then
  echo 'This step does not wait here: see its log' >&2
  exit 1
fi
${mark === '' ? '' : `touch ${folder}/${mark}\n`}echo ${answer} >"$pipe"
echo 'Executing step ${place.index}...'
`,
    };
  };
  return [
    ...(breakpoints.onFailure === 'enabled'
      ? [
          script('debug-continue', 'breakpoint', 'out', '0'),
          script('debug-fail-continue', 'breakpoint', 'out.err', '1'),
        ]
      : []),
    ...((breakpoints.beforeSteps ?? []).length > 0
      ? [
          script('debug-beforestep-continue', 'beforestep', '', '0'),
          script('debug-beforestep-fail-continue', 'beforestep', '', '1'),
        ]
      : []),
  ];
}

/** Names of its own: what the step's command finds in its environment stays as it is. */
function around(breakpoints: Breakpoints, { index, name }: StepPlace, timeoutSeconds: number | undefined): string {
  const folder = `${paths.run}/${index}`;
  const parts = [
    wait,
    ...(stopsBefore(breakpoints, name) ? [beforeStep(folder)] : []),
    ...(breakpoints.onFailure !== 'enabled' && timeoutSeconds === undefined
      ? ['exec "$@"']
      : [
          run(timeoutSeconds, timeoutFile(index)),
          ...(breakpoints.onFailure === 'enabled' ? [afterFailure(folder)] : []),
          'exit "$_kf_code"',
        ]),
  ];
  return parts.join('\n');
}

/** Opening a pipe lasts until somebody writes to it; one who only touches it says nothing. */
const wait = `_kf_wait() {
  rm -f "$1"
  mkfifo -m 666 "$1" || exit 1
  _kf_answer=
  read -r _kf_answer <"$1"
  rm -f "$1" "$1.err"
}`;

/** Whoever writes the file `.err` by hand, as Tekton's script does, writes to the same pipe. */
const beforeStep = (
  folder: string,
): string => `echo "debug before step breakpoint has taken effect, waiting for user's decision:
1) continue, use cmd: ${paths.debugScripts}/debug-beforestep-continue
2) fail-continue, use cmd: ${paths.debugScripts}/debug-beforestep-fail-continue" >&2
ln -sf out.beforestepexit ${folder}/out.beforestepexit.err
_kf_wait ${folder}/out.beforestepexit
if [ "$_kf_answer" = 1 ]; then
  echo 'Skipping execute step script because before step breakpoint fail-continue' >&2
  exit 1
fi`;

/** There once the command was ended because its time was over. */
const timeoutFile = (index: number): string => `${paths.run}/${index}/out.timeout`;

/** Seconds from SIGTERM to SIGKILL. */
const grace = 10;

/** A step that was told to end, or whose time was over, does not wait. */
const run = (timeoutSeconds: number | undefined, file: string): string => `_kf_stopped=
trap '_kf_stopped=yes' TERM INT
${
  timeoutSeconds === undefined
    ? `"$@"
_kf_code=$?`
    : `"$@" &
_kf_command=$!
(
  trap 'kill "$_kf_sleep"; exit' TERM
  _kf_after() {
    sleep "$1" &
    _kf_sleep=$!
    wait "$_kf_sleep"
  }
  _kf_after ${timeoutSeconds} && kill -0 "$_kf_command" && : >${file} && kill -TERM "$_kf_command" && _kf_after ${grace} && kill -KILL "$_kf_command"
) >/dev/null 2>&1 &
_kf_timer=$!
wait "$_kf_command"
_kf_code=$?
while kill -0 "$_kf_command" 2>/dev/null; do
  wait "$_kf_command"
  _kf_code=$?
done
kill "$_kf_timer" 2>/dev/null
if [ -e ${file} ]; then
  _kf_stopped=yes
  [ "$_kf_code" != 0 ] || _kf_code=1
fi`
}
trap - TERM INT`;

const afterFailure = (folder: string): string => `if [ "$_kf_code" != 0 ] && [ -z "$_kf_stopped" ]; then
  echo "debug onFailure breakpoint has taken effect, waiting for user's decision:
1) continue, use cmd: ${paths.debugScripts}/debug-continue
2) fail-continue, use cmd: ${paths.debugScripts}/debug-fail-continue" >&2
  _kf_wait ${folder}/out.breakpointexit
  echo "Breakpoint exiting with exit code \${_kf_answer:-0}" >&2
  _kf_code=\${_kf_answer:-0}
fi`;
