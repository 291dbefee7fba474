/** `kf configure-server allow-host-path` and its like: writes config.yaml in the server's data directory. */

import { chownSync, mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, normalize, resolve } from 'node:path';
import { neverAllowed } from '../../resources/host-path.ts';
import { readServerConfig, serverConfigFile } from '../../resources/server-config.ts';
import { vcapUser } from '../../resources/vcap.ts';
import type { Context } from '../context.ts';
import { CliError, messageOf } from '../errors.ts';
import { formatValue } from '../output/objects.ts';
import { kfHome } from '../settings/server-choice.ts';

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
  if (found !== undefined && !found.isDirectory()) throw new CliError(`${path} is no directory`);
  await changeConfig(home, (paths) => [...new Set([...paths, path])].sort());
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
  await changeConfig(home, (paths) => {
    if (!paths.includes(path))
      throw new CliError(`${path} is not allowed; allowed are: ${paths.join(', ') || '<none>'}`);
    return paths.filter((one) => one !== path);
  });
  await context.io.out(`Volumes of ${path} are mounted no more; its files stay.\n`);
}

export async function printHostPaths(context: Context, format: 'json' | 'yaml' | undefined): Promise<void> {
  const { hostPaths } = (await readConfig(kfHome(context.env))).config;
  await context.io.out(
    format === undefined ? hostPaths.map((path) => `${path}\n`).join('') : await formatValue(format, hostPaths),
  );
}

function absolute(context: Context, text: string): string {
  const path = resolve(context.cwd, normalize(text));
  if (text.trim() === '' || /[\0\n]/.test(path)) throw new CliError(`${JSON.stringify(text)} is no path`);
  return path;
}

async function readConfig(home: string) {
  const file = join(home, serverConfigFile);
  const yaml = await import('yaml');
  try {
    const document = yaml.parseDocument(readText(file));
    if (document.errors[0] !== undefined) throw document.errors[0];
    return { file, document, config: readServerConfig(document.toJS()) };
  } catch (error) {
    throw new CliError(permissionOr(error, `${file}: ${messageOf(error)}`));
  }
}

/** Other settings and comments stay. */
async function changeConfig(home: string, change: (paths: readonly string[]) => readonly string[]): Promise<void> {
  const { file, document, config } = await readConfig(home);
  const hostPaths = change(config.hostPaths);
  if (document.contents === null) document.contents = document.createNode({}) as unknown as typeof document.contents;
  document.set('hostPaths', hostPaths);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.tmp`, String(document), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    throw new CliError(permissionOr(error, `${file}: ${messageOf(error)}`));
  }
}

const permissionOr = (error: unknown, message: string): string =>
  ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
    ? `${message}; the server belongs to root: use sudo`
    : message;

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

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
