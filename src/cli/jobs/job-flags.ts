/** Flags of the commands about Jobs, and what they mean for its spec. */

import { type Command, Option } from 'commander';
import { withoutEmpty } from '../../resources/json.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { isTimeZone, nearestTimeZone } from '../../resources/schedule/time-zone.ts';
import { checked } from '../command.ts';
import { duration } from '../flags.ts';

export interface ScheduleFlags {
  readonly timezone?: string;
  readonly spread?: boolean;
  readonly missed?: 'latest' | 'skip' | 'all';
  readonly missedWithin?: string;
}

export const scheduleFlags = (command: Command): Command =>
  command
    .option(
      '--timezone <ZONE>',
      "IANA time zone of the schedule; default: the Job's, else the Space's, else UTC",
      checked(timeZone),
    )
    .option('--spread', "moves the minutes to a place of their hour that the Job's name chooses")
    .addOption(
      new Option(
        '--missed <WHICH>',
        'slots to run whose time passed while no server ran: the newest, none, or the newest 100; default: latest',
      ).choices(['latest', 'skip', 'all']),
    )
    .option('--missed-within <DURATION>', 'lets go of missed slots that are older; default: none', checked(duration));

function timeZone(text: string): string {
  if (isTimeZone(text)) return text;
  const nearest = nearestTimeZone(text);
  throw new Error(
    `It must be an IANA time zone, like Europe/Berlin or UTC.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`,
  );
}

export type Policy = NonNullable<TaskSchedule['spec']['concurrencyPolicy']>;
const policies: readonly Policy[] = ['Always', 'Forbid', 'Replace'];

export interface PolicyFlag {
  readonly concurrencyPolicy?: Policy;
}

export const policyFlag = (command: Command): Command =>
  command.option(
    '-c, --concurrency-policy <POLICY>',
    'when Tasks of the Job have not ended: Always starts another one, Forbid skips the slot, Replace terminates them first; default: Always',
    checked(policy),
  );

function policy(text: string): Policy {
  const found = policies.find((known) => known.toLowerCase() === text.trim().toLowerCase());
  if (found === undefined)
    throw new Error(
      'It is the concurrency policy: Always, Forbid or Replace. The command is no flag here: kf create-job APP JOB COMMAND.',
    );
  return found;
}

/** The fields that the flags give; none of the others. */
export const missedFieldsOf = ({ missed, missedWithin }: ScheduleFlags): Partial<TaskSchedule['spec']> =>
  withoutEmpty({ missed, missedWithin });
