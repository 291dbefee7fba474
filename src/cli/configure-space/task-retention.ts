/** How many ended Tasks a Space keeps. */

import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import { type CommandFile, checked } from '../command.ts';
import { wholeNumber } from '../flags.ts';
import { setting } from './setting.ts';

type Retention = NonNullable<NonNullable<SpaceSpec['taskConfig']>['retention']>;

interface Flags {
  readonly perJobMin?: number;
}

export const taskRetention: CommandFile = setting<Flags>({
  name: 'set-task-retention',
  values: ['N'],
  summary: 'How many Tasks are kept per App; the oldest ended ones go, with their logs; default: 500',
  details:
    'Tasks that have not ended count and stay. A Job’s last success and last failure stay in kf job. The word default\n' +
    'removes the setting, --per-job-min with it.',
  examples: [
    'kf configure-space set-task-retention 100',
    'kf configure-space set-task-retention dev 100 --per-job-min 3',
    'kf configure-space set-task-retention default',
  ],
  flags: (command) =>
    command.option(
      '--per-job-min <M>',
      'the newest M Tasks of every Job stay in any case; default: as it is',
      checked(wholeNumber(0, 'It must be a whole number of 0 or more.')),
    ),
  change: (spec, [text], { perJobMin }) => {
    const { retention, ...taskConfig } = spec.taskConfig ?? {};
    if (text === 'default') return { ...spec, taskConfig };
    return { ...spec, taskConfig: { ...taskConfig, retention: withNumbers(retention, text!, perJobMin) } };
  },
});

const withNumbers = (before: Retention | undefined, text: string, perJobMin: number | undefined): Retention => ({
  ...before,
  maxTasks: wholeNumber(1, `${JSON.stringify(text)} is no number of Tasks: it must be 1 or more, or default`)(text),
  ...(perJobMin === undefined ? {} : { perJobMin }),
});
