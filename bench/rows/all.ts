/** Every row, in the order in which they are printed. */

import type { Row } from '../support/row.ts';
import { manyTasks } from './many-tasks.ts';
import { oneTask } from './one-task.ts';

export const rows: readonly Row[] = [oneTask, manyTasks];
