/** `kf target`: shows and saves the server and the Space. */

import { join, resolve } from 'node:path';
import { Space } from '../../resources/kf/space.ts';
import type { OutputFlag } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatDescription } from '../output/describe.ts';
import { formatNamed, type OutputFormat, objectName } from '../output/objects.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { chooseServer, chooseSpace, type ServerChoice, serverKey } from './server-choice.ts';
import { homeOf, type SavedServer, writeSettings } from './settings-file.ts';

export interface TargetFlags extends OutputFlag {
  readonly targetSpace?: string;
  readonly embedded?: boolean;
}

export async function targetAction(context: Context, argument: string | undefined, flags: TargetFlags): Promise<void> {
  const flag = flags.targetSpace ?? context.flags.space;
  if (argument !== undefined && flag !== undefined)
    throw new CliError("--space (or --target-space) can't be used when the Space is provided via arguments.");
  if (flags.embedded && context.flags.context !== undefined)
    throw new CliError('--embedded and --context cannot be combined');
  context.dataOnly = flags.output !== undefined;
  const space = argument ?? flag;
  const server = savedServer(context, flags);
  if (server !== 'unchanged') await checkServer(context, server);
  if (space !== undefined) await checkSpace(context, server, space);
  if (server !== 'unchanged') await saveServer(context, server);
  if (space !== undefined) await saveSpace(context, server, space);
  await print(context, server, { space, output: flags.output });
}

type Change = SavedServer | undefined | 'unchanged';

function savedServer({ flags: { context, kubeconfig }, env, cwd }: Context, { embedded }: TargetFlags): Change {
  if (embedded) return undefined;
  if (context === undefined) return 'unchanged';
  const path = kubeconfig ?? (env.KUBECONFIG || join(homeOf(env), '.kube/config'));
  return {
    context,
    kubeconfig: path
      .split(':')
      .map((file) => resolve(cwd, file))
      .join(':'),
  };
}

/** @throws CliError when the kubeconfig has no such context */
async function checkServer(context: Context, server: SavedServer | undefined): Promise<void> {
  if (server !== undefined)
    await context.contextName({ kind: 'kubeconfig', path: server.kubeconfig, context: server.context });
}

/** The server that commands will talk to once the change is saved. */
async function choiceAfter(context: Context, change: Change): Promise<ServerChoice> {
  if (change === 'unchanged') return context.choice();
  return chooseServer({}, context.env, change === undefined ? {} : { server: change });
}

async function checkSpace(context: Context, change: Change, space: string): Promise<void> {
  const there = context.forChoice(await choiceAfter(context, change));
  try {
    await requireSpace({ client: await there.client(), space });
  } finally {
    there.close();
  }
}

const saveServer = (context: Context, server: SavedServer | undefined): Promise<void> =>
  writeSettings(context.settingsFile, { server });

async function saveSpace(context: Context, change: Change, space: string): Promise<void> {
  const settings = await context.settings();
  const choice = await choiceAfter(context, change);
  const spaces = { ...settings.spaces, [serverKey(choice)]: space };
  // Google's kf knows one Space, that of its cluster.
  await writeSettings(context.settingsFile, choice.kind === 'embedded' ? { spaces } : { spaces, space });
  context.io.note('Updated target Space:');
}

interface Print {
  /** The one that was given. */
  readonly space: string | undefined;
  readonly output: OutputFormat | undefined;
}

async function print(context: Context, change: Change, { space: given, output }: Print): Promise<void> {
  const choice = await choiceAfter(context, change);
  const space = chooseSpace(choice, await context.settings(), given);
  if (output !== undefined) {
    const server = choice.kind === 'embedded' ? choice : { ...choice, context: await context.contextName(choice) };
    const names = space === undefined ? [] : [objectName(Space, space)];
    return context.io.out(await formatNamed(output, { server, ...(space === undefined ? {} : { space }) }, names));
  }
  const server =
    choice.kind === 'embedded'
      ? `embedded (${choice.home})`
      : `context "${await context.contextName(choice)}" of ${choice.path}`;
  await context.io.out(
    formatDescription([
      ['Server', server],
      ['Space', space ?? "<none>; use 'kf target SPACE'"],
    ]),
  );
  if (change !== 'unchanged' && context.env.KUBECONFIG)
    context.io.note('$KUBECONFIG is set and comes before what is saved.');
}
