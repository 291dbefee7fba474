/** What the running Tasks of a Space may have together. */

import type { Command } from 'commander';
import { withoutUndefined } from '../../resources/json.ts';
import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import { type CommandFile, checked } from '../command.ts';
import { cores, size, wholeNumber } from '../flags.ts';
import { setting } from './setting.ts';

type Limits = NonNullable<NonNullable<SpaceSpec['taskConfig']>['limits']>;

interface Flags {
  readonly memory?: string;
  readonly cpu?: string;
  readonly tasks?: number | 'none';
}

const orNone =
  <T>(parse: (text: string) => T) =>
  (text: string): T | 'none' =>
    text === 'none' ? text : parse(text);

const flags = (command: Command): Command =>
  command
    .option('-m, --memory <SIZE|none>', 'memory limits of all running Tasks together, like 8G', checked(orNone(size)))
    .option('--cpu <CORES|none>', 'cores that all running Tasks ask for together, like 2', checked(orNone(cores)))
    .option(
      '--tasks <N|none>',
      'Tasks that run at the same time',
      checked(orNone(wholeNumber(1, 'It must be a whole number above 0, or none.'))),
    );

export const taskLimits: CommandFile = setting<Flags>({
  name: 'set-task-limits',
  values: [],
  summary: 'Cap what the Tasks of a Space that run at the same time have together; default: no caps',
  details:
    'A Task that finds no room waits, first come, first served, and says so; one that is larger than a cap is refused.\n' +
    'What runs already goes on. A flag that is not given stays as it is.',
  examples: [
    'kf configure-space set-task-limits --tasks 2',
    'kf configure-space set-task-limits dev --memory 8G --cpu 2',
    'kf configure-space set-task-limits --memory none --cpu none --tasks none',
  ],
  flags,
  change: (spec, _, { memory, cpu, tasks }) => {
    if (memory === undefined && cpu === undefined && tasks === undefined)
      throw new Error('nothing to change: give --memory, --cpu or --tasks');
    const { limits: before, ...taskConfig } = spec.taskConfig ?? {};
    const limits = withoutNone({ ...before, ...withoutUndefined({ memory, cpu, tasks }) });
    return { ...spec, taskConfig: Object.keys(limits).length === 0 ? taskConfig : { ...taskConfig, limits } };
  },
});

const withoutNone = (values: object): Limits =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 'none')) as Limits;
