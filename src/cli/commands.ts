/** All commands of `kf`. */

import type { CommandFile } from './command.ts';
import { app } from './commands/app.ts';
import { apps } from './commands/apps.ts';
import { bindings, bindService, unbindService, vcapServices } from './commands/bindings.ts';
import { build, buildLogs, builds, terminateBuildCommand } from './commands/builds.ts';
import { completion } from './commands/completion.ts';
import { configureServer } from './commands/configure-server.ts';
import { configureSpace } from './commands/configure-space.ts';
import { cp } from './commands/cp.ts';
import { createJob } from './commands/create-job.ts';
import { deleteApp } from './commands/delete.ts';
import { deleteJob, deleteJobSchedule } from './commands/delete-job.ts';
import { doctor } from './commands/doctor.ts';
import { env, setEnv, unsetEnv } from './commands/env.ts';
import { createHook, deleteHook, hooks } from './commands/hooks.ts';
import { job, jobHistory, jobSchedules, jobs } from './commands/jobs.ts';
import { createLogSink, deleteLogSink, logSink, logSinks } from './commands/log-sinks.ts';
import { logs } from './commands/logs.ts';
import { networkPolicyCommands } from './commands/network-policies.ts';
import { notNeeded, notSupported } from './commands/not-needed.ts';
import { notifications } from './commands/notifications.ts';
import { push } from './commands/push.ts';
import { rerunPipelineRun } from './commands/rerun-pipelinerun.ts';
import { restage } from './commands/restage.ts';
import { runJob } from './commands/run-job.ts';
import { runTask } from './commands/run-task.ts';
import { scheduleJob } from './commands/schedule-job.ts';
import { serverCommands } from './commands/server.ts';
import { serverDataCommands } from './commands/server-data.ts';
import {
  createServiceCommand,
  createUserProvidedService,
  deleteServiceCommand,
  marketplace,
  service,
  services,
  updateUserProvidedService,
} from './commands/services.ts';
import { createSpace, deleteSpace, space, spaces } from './commands/spaces.ts';
import { stacks } from './commands/stacks.ts';
import { target } from './commands/target.ts';
import { task } from './commands/task.ts';
import { tasks } from './commands/tasks.ts';
import { terminateTask } from './commands/terminate-task.ts';
import { updateJob } from './commands/update-job.ts';
import { version } from './commands/version.ts';

/** In the order of the help. */
export const commands: readonly CommandFile[] = [
  push,
  restage,
  runTask,
  tasks,
  task,
  terminateTask,
  rerunPipelineRun,
  cp,
  createJob,
  runJob,
  scheduleJob,
  updateJob,
  jobs,
  jobSchedules,
  job,
  jobHistory,
  deleteJobSchedule,
  deleteJob,
  createHook,
  hooks,
  deleteHook,
  notifications,
  apps,
  app,
  logs,
  deleteApp,
  builds,
  build,
  buildLogs,
  terminateBuildCommand,
  stacks,
  env,
  setEnv,
  unsetEnv,
  createUserProvidedService,
  updateUserProvidedService,
  createServiceCommand,
  marketplace,
  services,
  service,
  deleteServiceCommand,
  bindService,
  unbindService,
  bindings,
  vcapServices,
  target,
  spaces,
  space,
  createSpace,
  deleteSpace,
  ...configureSpace,
  ...networkPolicyCommands,
  createLogSink,
  logSinks,
  logSink,
  deleteLogSink,
  ...serverCommands,
  ...serverDataCommands,
  ...configureServer,
  doctor,
  version,
  completion,
  ...notNeeded,
  ...notSupported,
];
