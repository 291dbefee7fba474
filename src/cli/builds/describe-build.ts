/** `kf build`: everything about one Build. */

import { conditionOf } from '../../resources/condition.ts';
import { Build } from '../../resources/kf/build.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Description, formatDescription, section } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { formatTips } from '../output/tips.ts';
import { tipFlags } from '../tip-flags.ts';

/** @throws CliError when there is none */
export async function getBuild({ client, space, serverFlags = '' }: Session, name: string): Promise<Build> {
  try {
    return await client.get(Build, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new CliError(`${error.message} in Space "${space}"`, {
      tips: [{ description: 'List the Builds', command: `kf builds --space ${space}${serverFlags}` }],
    });
  }
}

export async function describeBuild(context: Context, name: string, output?: OutputFormat): Promise<void> {
  context.dataOnly = output !== undefined;
  const session = await context.session();
  const build = await getBuild(session, name);
  if (output !== undefined) return context.io.out(await formatObject(output, Build, build));
  context.io.note(`Getting Build ${name} in Space: ${session.space}`);
  await context.io.out(formatDescription(describe(build)));
  const command = `kf build-logs ${name}${tipFlags(context.flags, session.space)}`;
  for (const line of formatTips([{ description: 'View the build log', command }])) context.io.note(line);
}

function describe({ metadata, spec, status = {} }: Build): Description {
  const condition = conditionOf({ status }, 'Succeeded');
  return [
    ['Name', metadata.name],
    ['App', metadata.labels?.[labels.appName]],
    ['Space', metadata.namespace],
    ['Created By', metadata.annotations?.[annotations.createdBy]],
    ['Builder', spec.name],
    ['Source Package', spec.sourcePackage?.name],
    ['Succeeded', condition?.status ?? 'Unknown'],
    ['Reason', condition?.reason],
    ['Message', condition?.message],
    ['Phase', condition?.status === 'True' ? undefined : status.phase],
    ['Image', status.image],
    ['Start Command', status.startCommand],
    [
      'Stack',
      section([
        ['Name', status.stack?.name],
        ['Fingerprint', status.stack?.fingerprint],
      ]),
    ],
    [
      'Timeline',
      section([
        ['Created', metadata.creationTimestamp],
        ['Started', status.startTime],
        ['Ended', status.completionTime],
        ['Duration', status.duration],
      ]),
    ],
  ];
}
