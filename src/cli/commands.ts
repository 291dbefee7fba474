/** All commands of `kf`. */

import type { CommandFile } from './command.ts';
import { app } from './commands/app.ts';
import { apps } from './commands/apps.ts';
import { build, buildLogs, builds } from './commands/builds.ts';
import { deleteApp } from './commands/delete.ts';
import { doctor } from './commands/doctor.ts';
import { env, setEnv, unsetEnv } from './commands/env.ts';
import { logs } from './commands/logs.ts';
import { notNeeded } from './commands/not-needed.ts';
import { push } from './commands/push.ts';
import { runTask } from './commands/run-task.ts';
import { serverCommands } from './commands/server.ts';
import { createSpace, deleteSpace, space, spaces } from './commands/spaces.ts';
import { stacks } from './commands/stacks.ts';
import { target } from './commands/target.ts';
import { task } from './commands/task.ts';
import { tasks } from './commands/tasks.ts';
import { terminateTask } from './commands/terminate-task.ts';
import { version } from './commands/version.ts';

/** In the order of the help. */
export const commands: readonly CommandFile[] = [
  push,
  runTask,
  tasks,
  task,
  terminateTask,
  apps,
  app,
  logs,
  deleteApp,
  builds,
  build,
  buildLogs,
  stacks,
  env,
  setEnv,
  unsetEnv,
  target,
  spaces,
  space,
  createSpace,
  deleteSpace,
  ...serverCommands,
  doctor,
  version,
  ...notNeeded,
];
