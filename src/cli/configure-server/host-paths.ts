/** `kf configure-server allow-host-path` and its like: writes config.yaml in the server's data directory. */

import { chownSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, normalize, resolve } from 'node:path';
import { neverAllowed } from '../../resources/host-path.ts';
import { vcapUser } from '../../resources/vcap.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatValue } from '../output/objects.ts';
import { quote } from '../output/tips.ts';
import { kfHome } from '../settings/kf-home.ts';
import { readConfigFile, writeSetting } from './config-file.ts';

export async function allowHostPath(
  context: Context,
  text: string,
  { chown }: { readonly chown?: boolean },
): Promise<void> {
  const path = absolute(context, text);
  const home = kfHome(context.env);
  const refused = neverAllowed(path, [resolve(home), realOr(home), '/run/kf']);
  if (refused !== undefined) throw new CliError(`${refused}: it cannot be allowed`);
  if (realOr(path) !== path) throw new CliError(`${path} leads to ${realOr(path)}: allow that one`);
  const found = statOf(path);
  if (found === undefined && !isAbsolute(text))
    throw new CliError(`${path} does not exist; to have it made, give its whole path`, {
      tips: [{ description: 'Make it', command: `kf configure-server allow-host-path ${quote(path)}` }],
    });
  if (found !== undefined && !found.isDirectory()) throw new CliError(`${path} is no directory`);
  await changePaths(home, (paths) => [...new Set([...paths, path])].sort());
  if (found === undefined) {
    const first = mkdirSync(path, { recursive: true });
    chownSync(path, vcapUser.uid, vcapUser.gid);
    context.io.note(`Made ${first}; it belongs to vcap (user ${vcapUser.uid}), as whom Tasks run.`);
  } else if (chown) chownSync(path, vcapUser.uid, vcapUser.gid);
  else if (!isWritable(found))
    context.io.note(
      `WARN Tasks run as vcap (user ${vcapUser.uid}), who cannot write to ${path}. To give it to him: kf configure-server allow-host-path ${path} --chown`,
    );
  await context.io.out(`Volumes may be made of ${path} and what is in it.\n`);
}

export async function disallowHostPath(context: Context, text: string): Promise<void> {
  const path = absolute(context, text);
  const home = kfHome(context.env);
  await changePaths(home, (paths) => {
    if (!paths.includes(path))
      throw new CliError(`${path} is not allowed; allowed are: ${paths.join(', ') || '<none>'}`);
    return paths.filter((one) => one !== path);
  });
  await context.io.out(`Volumes of ${path} are mounted no more; its files stay.\n`);
}

export async function printHostPaths(context: Context, format: 'json' | 'yaml' | undefined): Promise<void> {
  const hostPaths = pathsOf(kfHome(context.env));
  await context.io.out(
    format === undefined ? hostPaths.map((path) => `${path}\n`).join('') : await formatValue(format, hostPaths),
  );
}

function absolute(context: Context, text: string): string {
  const path = resolve(context.cwd, normalize(text));
  if (text.trim() === '' || /[\0\n]/.test(path)) throw new CliError(`${JSON.stringify(text)} is no path`);
  return path;
}

const pathsOf = (home: string): readonly string[] =>
  (readConfigFile(home).values.get('hostPaths')?.value ?? []) as readonly string[];

const changePaths = (home: string, change: (paths: readonly string[]) => readonly string[]): Promise<void> =>
  writeSetting(home, 'hostPaths', change(pathsOf(home)));

function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isWritable({
  uid,
  gid,
  mode,
}: {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}): boolean {
  if (uid === vcapUser.uid) return (mode & 0o200) !== 0;
  return gid === vcapUser.gid ? (mode & 0o020) !== 0 : (mode & 0o002) !== 0;
}
