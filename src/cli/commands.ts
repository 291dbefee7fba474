/** All commands of `kf`. */

import type { CommandFile } from './command.ts';
import { logs } from './commands/logs.ts';
import { push } from './commands/push.ts';
import { runTask } from './commands/run-task.ts';
import { serverCommands } from './commands/server.ts';
import { task } from './commands/task.ts';
import { tasks } from './commands/tasks.ts';
import { terminateTask } from './commands/terminate-task.ts';
import { version } from './commands/version.ts';

export const commands: readonly CommandFile[] = [
  push,
  runTask,
  tasks,
  task,
  terminateTask,
  logs,
  ...serverCommands,
  version,
];
