/** The flags that say how a task runs, shared by all commands that describe one. */

import type { Command } from 'commander';
import { withoutEmpty } from '../../resources/json.ts';
import { mostRetries, type Task } from '../../resources/kf/task.ts';
import { checked, checkedRepeatable, repeatable } from '../command.ts';
import { CliError } from '../errors.ts';
import { cores, diskSize, duration, memorySize, seconds, type Variable, variable, wholeNumber } from '../flags.ts';

export interface TaskFlags {
  readonly args?: readonly string[];
  readonly memoryLimit?: string;
  readonly diskQuota?: string;
  readonly cpuCores?: string;
  readonly env?: readonly Variable[];
  readonly timeout?: string;
  readonly gracePeriod?: number;
  readonly retries?: number;
  readonly retryDelay?: string;
}

/** @param unset what holds when a flag is not given: `the App's` */
export const taskFlags = (command: Command, unset = "the App's", noLimit = 'no limit', never = 'never'): Command =>
  command
    .option('--args <ARG>', 'one word of the exact argv (repeatable); with a command they become its "$@"', repeatable)
    .option('-m, --memory-limit <SIZE>', `memory, like 512M or 2G; default: ${unset}`, checked(memorySize))
    .option('-k, --disk-quota <SIZE>', `disk, like 512M or 2G; default: ${unset}`, checked(diskSize))
    .option('--cpu-cores <CORES>', `cores, like 0.5 or 500m, as request and limit; default: ${noLimit}`, checked(cores))
    .option('-e, --env <NAME=VALUE>', "added to the App's environment (repeatable)", checkedRepeatable(variable))
    .option('--timeout <DURATION>', `ends the task this long after its start; default: ${never}`, checked(duration))
    .option(
      '--grace-period <DURATION>',
      `between SIGTERM and SIGKILL; default: ${unset === "the App's" ? '10s' : unset}`,
      checked(seconds),
    )
    .option(
      '--retries <N>',
      `further attempts after one that failed, timed out or was lost; default: ${unset === "the App's" ? '0' : unset}`,
      checked(retries),
    )
    .option(
      '--retry-delay <DURATION>',
      `before the second attempt, doubled before each further one; default: ${unset === "the App's" ? '10s' : unset}`,
      checked(duration),
    );

const retries = (text: string): number => {
  const complaint = `It must be a whole number from 0 to ${mostRetries}.`;
  const value = wholeNumber(0, complaint)(text);
  if (value > mostRetries) throw new Error(complaint);
  return value;
};

/** For what is made new: a delay alone would do nothing. @throws CliError */
export function checkRetries({ retries, retryDelay }: TaskFlags): void {
  if (retryDelay !== undefined && !retries) throw new CliError('--retry-delay has no effect without --retries N');
}

export interface WaitFlags {
  readonly wait?: boolean;
  readonly follow?: boolean;
}

export const waitFlags = (command: Command): Command =>
  command
    .option('-w, --wait', "wait for the end and exit with the task's own code")
    .option('--follow', 'as --wait, and print the log');

export type TaskFields = Partial<Omit<Task['spec'], 'appRef'>>;

/** The fields of a Task's spec that the flags give; none of the others. */
export function taskFieldsOf(flags: TaskFlags): TaskFields {
  return withoutEmpty({
    args: flags.args,
    memory: flags.memoryLimit,
    disk: flags.diskQuota,
    cpu: flags.cpuCores,
    env: flags.env,
    timeout: flags.timeout,
    gracePeriodSeconds: flags.gracePeriod,
    retries: flags.retries,
    retryDelay: flags.retryDelay,
  });
}

/** A template with other fields over it; variables of the environment one by one. */
export function overTask<T extends TaskFields>(template: T, fields: TaskFields): T {
  const names = new Set((fields.env ?? []).map(({ name }) => name));
  const env = [...(template.env ?? []).filter(({ name }) => !names.has(name)), ...(fields.env ?? [])];
  return { ...template, ...fields, ...(env.length === 0 ? {} : { env }) };
}
