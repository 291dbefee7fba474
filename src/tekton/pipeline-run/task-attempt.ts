/** Attempts of Kf Tasks among PipelineRuns. */

import { labels } from '../../resources/labels.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';

/**
 * An attempt of a Kf Task: nothing is written twice for it, and the line that a person typed is nowhere searched for
 * variables: `$(tasks.a.results.b)` in it is the shell's.
 */
export const isTaskAttempt = ({ metadata }: PipelineRun): boolean => metadata.labels?.[labels.task] !== undefined;
