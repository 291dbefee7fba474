/** `kf configure-space`: one subcommand per setting, each declared in `cli/configure-space`. */

import type { CommandFile } from '../command.ts';
import { buildRetention } from '../configure-space/build-retention.ts';
import { egressPolicy } from '../configure-space/egress-policy.ts';
import { environment } from '../configure-space/env.ts';
import { gracePeriod } from '../configure-space/grace-period.ts';
import { hostPorts } from '../configure-space/host-ports.ts';
import { notApplicableSettings } from '../configure-space/not-applicable.ts';
import { notify } from '../configure-space/notify.ts';
import { taskLimits } from '../configure-space/task-limits.ts';
import { taskRetention } from '../configure-space/task-retention.ts';
import { timeZone } from '../configure-space/time-zone.ts';

/** In the order of the help. */
export const configureSpace: readonly CommandFile[] = [
  ...environment,
  gracePeriod,
  timeZone,
  ...egressPolicy,
  ...hostPorts,
  taskRetention,
  buildRetention,
  taskLimits,
  ...notify,
  ...notApplicableSettings,
];
