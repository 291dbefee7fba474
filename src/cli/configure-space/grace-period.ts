/** Seconds between SIGTERM and SIGKILL, for all Tasks of a Space. */

import type { CommandFile } from '../command.ts';
import { seconds } from '../flags.ts';
import { setting } from './setting.ts';

export const gracePeriod: CommandFile = setting({
  name: 'set-grace-period',
  values: ['DURATION'],
  summary: 'How long Tasks of a Space may take to end after SIGTERM; default: 10s',
  details: 'The word default removes the setting. A Task of its own (run-task --grace-period) overrides it.',
  examples: ['kf configure-space set-grace-period 30s', 'kf configure-space set-grace-period dev default'],
  change: (spec, [text]) => ({
    ...spec,
    runtimeConfig: {
      ...spec.runtimeConfig,
      terminationGracePeriodSeconds: text === 'default' ? undefined : gracePeriodOf(text!),
    },
  }),
});

function gracePeriodOf(text: string): number {
  try {
    return seconds(text);
  } catch {
    throw new Error(`${JSON.stringify(text)} is no grace period: it must be a duration, like 30s or 0, or default`);
  }
}
