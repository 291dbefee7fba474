/** How many Builds a Space keeps. */

import type { CommandFile } from '../command.ts';
import { wholeNumber } from '../flags.ts';
import { setting } from './setting.ts';

export const buildRetention: CommandFile = setting({
  name: 'set-build-retention',
  values: ['N'],
  summary: 'How many Builds are kept per App; the oldest ended ones go, with their logs and sources; default: 5',
  details:
    'Builds that have not ended, the newest of an App and the one whose image is in use count and stay. The word default\n' +
    'removes the setting.',
  examples: [
    'kf configure-space set-build-retention 20',
    'kf configure-space set-build-retention dev 1',
    'kf configure-space set-build-retention default',
  ],
  change: (spec, [text]) => {
    const { retention: _, ...buildConfig } = spec.buildConfig ?? {};
    if (text === 'default') return { ...spec, buildConfig };
    const number = wholeNumber(1, `${JSON.stringify(text)} is no number of Builds: it must be 1 or more, or default`);
    return { ...spec, buildConfig: { ...buildConfig, retention: { maxBuilds: number(text!) } } };
  },
});
