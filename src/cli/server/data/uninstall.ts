/** `kf server uninstall`. */

import { formatBytes } from '../../../resources/quantity.ts';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { kfHome } from '../../settings/kf-home.ts';
import { confirm } from '../../wait/confirm.ts';
import { takingTime } from '../../wait/taking-time.ts';
import { asRoot, requireRoot } from '../as-root.ts';
import { disableBoot, foundBootManager } from '../boot/boot.ts';
import { stopKeeping } from '../boot/running.ts';
import { countRunning } from '../end-tasks.ts';
import { findServer } from '../server-file.ts';
import { prepareHome } from '../start.ts';
import { tryLock } from '../start-lock.ts';
import { stopServer } from '../stop.ts';
import { askProgram } from './ask-program.ts';
import { endAllTasks } from './end-all-tasks.ts';

export interface UninstallFlags {
  readonly keepData?: boolean;
  readonly yes?: boolean;
}

interface Remnants {
  readonly dataDir: string;
  readonly bytes: number;
  readonly containers: number;
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly volumes: number;
  readonly abandoned: boolean;
  readonly serverPid?: number;
  readonly links: readonly string[];
  readonly namespaces: readonly string[];
  readonly firewallRules: number;
}

export async function uninstallAction(context: Context, { keepData = false, yes = false }: UninstallFlags) {
  const { io, env } = context;
  requireRoot('uninstall', env);
  const home = kfHome(env);
  const found = await askProgram<Remnants | null>(env, ['remnants']);
  const manager = await foundBootManager(home);
  if (found === null) {
    io.note(`There is no server's data in ${home}: nothing to remove.`);
    if (manager !== undefined)
      io.note(`A server is to start there at boot all the same: ${asRoot('server disable', home)}`);
    return;
  }
  const { abandoned } = found;
  const isRunning = abandoned ? found.serverPid !== undefined : (await findServer(home)) !== undefined;
  const tasks = isRunning && !abandoned ? await countRunning(context.forEmbedded()) : found.containers;
  io.note('This removes from the machine:');
  for (const line of linesOf(found, { tasks, manager, isRunning, keepData })) io.note(`  ${line}`);
  if (!yes && !(await confirm(io, 'Go on?')))
    throw new CliError('nothing was removed: it was not confirmed', {
      tips: [{ description: 'Without being asked', command: 'kf server uninstall --yes' }],
    });
  const options = { home, io, env };
  await prepareHome(options);
  const lock = await tryLock(home);
  if (lock === undefined) throw new CliError('another command is starting or stopping the server; try again');
  try {
    // A server without its data can note nothing any more.
    if (!abandoned && (found.containers > 0 || isRunning)) await endAllTasks(context, options);
    await stopKeeping(home, undefined, manager);
    await stopServer(home);
    await disableBoot(home);
    // What is left is what no server could take away; as a rule there is nothing.
    const { left } = await takingTime(
      context,
      'Removing',
      askProgram<{ left: readonly string[] }>(env, ['remove-remnants', ...(keepData ? ['--keep-data'] : [])]),
    );
    io.note(keepData ? `Removed. The data are kept in ${home}.` : 'Removed.');
    if (left.length > 0) io.note(`Not the server's, and left in ${home}: ${left.join(', ')}`);
  } finally {
    await lock.release();
  }
}

interface Circumstances {
  readonly tasks: number;
  readonly manager: string | undefined;
  readonly isRunning: boolean;
  readonly keepData: boolean;
}

function linesOf(found: Remnants, { tasks, manager, isRunning, keepData }: Circumstances): readonly string[] {
  const { mounts, links, firewallRules, namespaces, cgroups } = found;
  return [
    ...counted(tasks, 'running task, which is terminated', 'running tasks, which are terminated'),
    ...(isRunning ? ['the server that runs'] : []),
    ...(manager === undefined ? [] : [`its start at boot (${manager})`]),
    ...counted(mounts.length, 'mount', 'mounts'),
    ...counted(links.length, 'network link', 'network links'),
    ...counted(namespaces.length, 'network namespace', 'network namespaces'),
    ...counted(firewallRules, 'firewall rule', 'firewall rules'),
    ...counted(cgroups.length, 'cgroup', 'cgroups'),
    ...dataLines(found, keepData),
  ];
}

function dataLines({ dataDir, bytes, volumes, abandoned }: Remnants, keepData: boolean): readonly string[] {
  if (abandoned) return [`what is left in ${dataDir}, whose data somebody has removed`];
  if (keepData) return [`nothing of the data in ${dataDir}: --keep-data`];
  return [
    `the data in ${dataDir}, ${formatBytes(bytes)}: apps, jobs, tasks, logs, settings`,
    ...counted(volumes, 'volume with all that is in it', 'volumes with all that is in them'),
  ];
}

const counted = (count: number, one: string, many: string): string[] =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
