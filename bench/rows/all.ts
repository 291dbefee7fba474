/** Every row, in the order in which they are printed. */

import type { Row } from '../support/row.ts';
import { bigLog } from './big-log.ts';
import { createLatency } from './create-latency.ts';
import { flushes } from './flushes.ts';
import { followDelay } from './follow-delay.ts';
import { jobs } from './jobs.ts';
import { listTasks } from './list-tasks.ts';
import { manyJobs } from './many-jobs.ts';
import { manyTasks } from './many-tasks.ts';
import { memory } from './memory.ts';
import { oneTask } from './one-task.ts';
import { pipelines } from './pipelines.ts';
import { push } from './push.ts';
import { runMemory } from './run-memory.ts';
import { serverStart } from './server-start.ts';
import { steps } from './steps.ts';
import { storedRuns } from './stored-runs.ts';

export const rows: readonly Row[] = [
  oneTask,
  manyTasks,
  flushes,
  listTasks,
  push,
  serverStart,
  memory,
  createLatency,
  followDelay,
  bigLog,
  jobs,
  manyJobs,
  steps,
  pipelines,
  storedRuns,
  runMemory,
];
