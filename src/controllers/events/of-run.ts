/**
 * What is worth an Event of a TaskRun or PipelineRun: Tekton's Started, Succeeded and Failed, and each other reason for
 * which it is not over, with what it says. Of those that a Task's attempts are only Failed, for each Event is a write. Pure.
 */

import { conditionOf } from '../../resources/condition.ts';
import { labels } from '../../resources/labels.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { Occurrence } from './occurrence.ts';

export function occurrencesOfRun(run: PipelineRun | TaskRun): readonly Occurrence[] {
  const { status, reason = '', message = '' } = conditionOf(run, 'Succeeded') ?? {};
  const { labels: given = {} } = run.metadata;
  const isOurs = given[labels.task] !== undefined || given[labels.component] === 'build';
  if (status === undefined || (isOurs && (status !== 'False' || /Cancelled$/.test(reason)))) return [];
  const began: Occurrence = { type: 'Normal', reason: 'Started', message: '', key: '' };
  // A run that has ended already also gets the Event of its start.
  const before = isOurs ? [] : [began];
  if (status === 'False')
    return [...before, { type: 'Warning', reason: 'Failed', message: message || reason, key: '' }];
  if (status === 'True')
    return [...before, { type: 'Normal', reason: 'Succeeded', message: message || reason, key: '' }];
  if (reason === '') return [];
  // Tekton has no Event for a run that nobody has let start yet, nor for what a TaskRun waits for.
  if (reason === `${run.kind}Pending` || (run.kind === 'TaskRun' && reason.startsWith('Resolving'))) return [began];
  // A further attempt says again what the one before it said.
  const attempt = run.kind === 'TaskRun' ? ((run as TaskRun).status?.retriesStatus?.length ?? 0) : 0;
  const key = `${attempt} ${message}`;
  return reason === 'Started' ? [began] : [began, { type: 'Normal', reason, message, key }];
}
