/** The zone that new schedules of a Space are read in. */

import { isTimeZone, nearestTimeZone } from '../../resources/schedule/time-zone.ts';
import type { CommandFile } from '../command.ts';
import { setting } from './setting.ts';

export const timeZone: CommandFile = setting({
  name: 'set-time-zone',
  aliases: ['set-timezone'],
  values: ['ZONE'],
  summary: 'Zone of schedules that are set from now on without --timezone; default: UTC',
  examples: ['kf configure-space set-time-zone Europe/Berlin', 'kf configure-space set-time-zone dev UTC'],
  change: (spec, [zone]) => ({ ...spec, taskConfig: { ...spec.taskConfig, timeZone: zoneOf(zone!) } }),
});

function zoneOf(text: string): string {
  if (isTimeZone(text)) return text;
  const nearest = nearestTimeZone(text);
  throw new Error(
    `${JSON.stringify(text)} is no IANA time zone${nearest === undefined ? ', like Europe/Berlin' : `; did you mean ${nearest}?`}`,
  );
}
