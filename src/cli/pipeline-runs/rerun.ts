/** `kf rerun-pipelinerun`: a new run of the same, that takes over what has succeeded. */

import type { AnyKind } from '../../client/client.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { randomName } from '../../resources/names.ts';
import { isNotFound } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { OutputFlag } from '../command.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { followToEnd } from '../jobs/report-run.ts';
import { formatObject } from '../output/objects.ts';
import { formatTips } from '../output/tips.ts';
import { didYouMean } from '../similar.ts';
import { requireSpace } from '../spaces/find-space.ts';
import type { WaitFlags } from '../tasks/task-flags.ts';
import { tipFlags } from '../tip-flags.ts';

const failure = 'failed to rerun-pipelinerun: ';

export async function rerunPipelineRunAction(
  context: Context,
  name: string,
  flags: WaitFlags & OutputFlag,
): Promise<void> {
  const session = await context.changing();
  const earlier = await find(session, name);
  refuse(earlier, tipFlags(context.flags, session.space));
  const run = await create(context, earlier);
  const { io } = context;
  io.note(`PipelineRun ${run.metadata.name} is submitted successfully for execution.`);
  if (flags.wait || flags.follow) return followToEnd(context, PipelineRun, run, flags);
  if (flags.output !== undefined) await io.out(await formatObject(flags.output, PipelineRun as AnyKind, run));
  const tips = [
    {
      description: 'See what becomes of it',
      command: `kubectl get pipelinerun ${run.metadata.name} -n ${session.space} -w`,
    },
  ];
  for (const line of formatTips(tips)) io.note(line);
}

/** @throws CliError when the run or its Space does not exist */
async function find({ client, space, serverFlags = '' }: Session, name: string): Promise<PipelineRun> {
  try {
    return await client.get(PipelineRun, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await requireSpace({ client, space, serverFlags });
    throw new CliError(`${failure}${error.message}${await didYouMean(client, PipelineRun, name, space)}`, {
      tips: [{ description: 'List the PipelineRuns', command: `kubectl get pipelineruns -n ${space}` }],
    });
  }
}

/** @throws CliError for what need not, or cannot, be run again */
function refuse(run: PipelineRun, tips: string): void {
  const { name } = run.metadata;
  const task = run.metadata.labels?.[labels.task];
  const app = run.metadata.labels?.[labels.appName];
  if (task !== undefined)
    throw new CliError(`${failure}PipelineRun "${name}" is an attempt of Task "${task}"`, {
      tips: [{ description: 'Run another Task of the App', command: `kf run-task ${app}${tips}` }],
    });
  if (!isFinal(run)) throw new CliError(`${failure}PipelineRun "${name}" has not ended`);
  if (conditionOf(run, 'Succeeded')?.status === 'True')
    throw new CliError(`${failure}PipelineRun "${name}" has succeeded: there is nothing to run again`);
}

async function create(context: Context, earlier: PipelineRun): Promise<PipelineRun> {
  const { status: _wish, ...spec } = earlier.spec;
  const { name, namespace = '', labels: texts = {}, annotations: notes = {} } = earlier.metadata;
  for (;;) {
    const { object, isOurs } = await createOnce(context, PipelineRun, {
      metadata: {
        name: randomName(`${baseOf(name, notes)}-`),
        namespace,
        labels: without(texts, /^taskschedules\.kf\.dev\//),
        annotations: {
          ...without(notes, /^kf\.dev\/|^kubectl\.kubernetes\.io\//),
          [annotations.rerunOf]: name,
        },
      },
      spec,
    });
    if (isOurs) return object;
  }
}

/** The name without the suffix that an earlier re-run has added. */
const baseOf = (name: string, notes: Readonly<Record<string, string>>): string =>
  notes[annotations.rerunOf] === undefined ? name : name.replace(/-[a-z0-9]{5}$/, '');

const without = (map: Readonly<Record<string, string>>, what: RegExp): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !what.test(key)));
