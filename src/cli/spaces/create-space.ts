/** `kf create-space`. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { errorMessage } from '../../resources/errors.ts';
import { Space } from '../../resources/kf/space.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { objectName, type Variable } from '../flags.ts';
import { formatTable } from '../output/table.ts';
import { formatTips } from '../output/tips.ts';
import { serverFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';

export interface CreateSpaceFlags {
  readonly runEnv?: readonly Variable[];
  readonly stageEnv?: readonly Variable[];
  readonly containerRegistry?: string;
  readonly buildServiceAccount?: string;
  readonly domain?: readonly string[];
}

export async function createSpaceAction(context: Context, name: string, wanted: CreateSpaceFlags): Promise<void> {
  const { io } = context;
  checkName(name);
  const { client } = await context.changing(name);
  const created = await client.create(Space, { metadata: { name }, spec: specOf(wanted) }).catch((error) => {
    if (!isAlreadyExists(error)) throw error;
    throw new CliError(error.message, {
      tips: [
        { description: 'Work in it', command: `kf target ${name}` },
        { description: 'Show it', command: `kf space ${name}` },
      ],
    });
  });
  await io.out('Space requested, waiting for subcomponents to be created\n');
  const ready = await waitFor(context, Space, { name }, isFinal, { from: created });
  if (ready === undefined) throw new CliError(`Space "${name}" was deleted`);
  const condition = conditionOf(ready, 'Ready');
  if (condition?.status !== 'True')
    throw new CliError(
      `checking Ready failed, status: False message: ${condition?.message} reason: ${condition?.reason}`,
    );
  await io.out('Space created\n');
  await io.out(conditionsTable(ready));
  const flags = serverFlags(context.flags);
  const tips = [
    { description: 'Target the Space', command: `kf target ${name}${flags}` },
    { description: 'Describe it', command: `kf space ${name}${flags}` },
  ];
  for (const line of formatTips(tips)) io.note(line);
}

function checkName(name: string): void {
  try {
    objectName(name);
  } catch (error) {
    throw new CliError(errorMessage(error));
  }
}

function specOf({ runEnv, stageEnv, containerRegistry, buildServiceAccount, domain }: CreateSpaceFlags): Space['spec'] {
  const buildConfig = {
    ...(stageEnv === undefined ? {} : { env: stageEnv }),
    ...(containerRegistry === undefined ? {} : { containerRegistry }),
    ...(buildServiceAccount === undefined ? {} : { serviceAccount: buildServiceAccount }),
  };
  return {
    ...(runEnv === undefined ? {} : { runtimeConfig: { env: runEnv } }),
    ...(Object.keys(buildConfig).length === 0 ? {} : { buildConfig }),
    ...(domain === undefined ? {} : { networkConfig: { domains: domain.map((one) => ({ domain: one })) } }),
  };
}

function conditionsTable(space: Space): string {
  const rows = (space.status?.conditions ?? []).map(({ type, status, lastTransitionTime, message, reason }) => [
    type,
    status,
    lastTransitionTime,
    message ?? '',
    reason ?? '',
  ]);
  return formatTable(['Type', 'Status', 'Updated', 'Message', 'Reason'], rows);
}
