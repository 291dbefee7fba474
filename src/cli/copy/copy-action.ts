/** `kf cp`: a file or folder out of a running Task, or out of a volume. */

import { lstatSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize, resolve } from 'node:path';
import { getIfExists } from '../../client/get-if-exists.ts';
import { errorMessage } from '../../resources/errors.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { formatBytes, quantityValue } from '../../resources/quantity.ts';
import { StatusError } from '../../resources/status.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { count } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { findTask, taskOfApp } from '../tasks/find-task.ts';
import { tipFlags } from '../tip-flags.ts';
import { extractTar } from './extract.ts';

export interface CopyFlags {
  /** A quantity of bytes. */
  readonly limit?: string;
}

const usualLimit = 10 * 2 ** 30;

export async function copyAction(context: Context, args: readonly string[], flags: CopyFlags): Promise<void> {
  const [source, destination] = [args.at(-2)!, args.at(-1)!];
  const colon = source.indexOf(':');
  const [name, path] = [source.slice(0, colon), source.slice(colon + 1)];
  if (colon < 1 || path === '')
    throw new CliError(
      `${JSON.stringify(source)} must be ${args.length === 3 ? 'TASK_ID' : 'TASK_NAME or SERVICE_NAME'}:PATH, and the last argument where it goes`,
      {
        tips: [{ description: 'Like', command: `kf cp ${args.length === 3 ? args[0] : 'APP_NAME'} 7:out/sales.csv .` }],
      },
    );
  const isRoot = normalize(path).replace(/\/+$/, '') === '';
  const session = await context.session();
  const object = await find(context, session, args.length === 3 ? args[0] : undefined, name);
  if (isRoot && object.kind === 'tasks')
    throw new CliError('the whole root cannot be copied: name a folder, like /home/vcap/app');
  const trimmed = isRoot ? '.' : path.replace(/\/+$/, '');
  const target = targetOf(context, destination, isRoot ? name : basename(trimmed));
  const chunks = session.client.files(object.kind, { namespace: session.space, name: object.name }, trimmed);
  const isNew = lstatSync(target, { throwIfNoEntry: false }) === undefined;
  const { files, bytes } = await extractTar(chunks, {
    target,
    limitBytes: flags.limit === undefined ? usualLimit : quantityValue(flags.limit),
    onSkipped: (line) => context.io.note(`WARN ${line}`),
  }).catch((error: unknown) => {
    // Half of a copy must not look like one.
    if (isNew) rmSync(target, { recursive: true, force: true });
    throw error instanceof StatusError || error instanceof CliError ? error : new CliError(errorMessage(error));
  });
  context.io.note(`Copied ${count(files, 'file')}, ${formatBytes(bytes)}, to ${target}`);
}

interface Source {
  readonly kind: 'tasks' | 'serviceinstances';
  readonly name: string;
}

async function find(context: Context, session: Session, app: string | undefined, name: string): Promise<Source> {
  if (app !== undefined) return { kind: 'tasks', name: (await taskOfApp(session, app, name)).metadata.name };
  const service = await getIfExists(session.client, ServiceInstance, { namespace: session.space, name });
  if (service?.spec.volume !== undefined) return { kind: 'serviceinstances', name };
  if (service !== undefined) throw new CliError(`service "${name}" is no volume: it has no files`);
  try {
    return { kind: 'tasks', name: (await findTask(session, [name])).metadata.name };
  } catch {
    await getApp(session, name).catch(() => undefined);
    throw new CliError(`there is neither a volume nor a Task "${name}" in Space "${session.space}"`, {
      tips: [
        { description: 'List the services', command: `kf services${tipFlags(context.flags, session.space)}` },
        { description: 'List the Tasks', command: `kf tasks${tipFlags(context.flags, session.space)}` },
      ],
    });
  }
}

/** As cp: into a folder that is there, else under the new name. */
function targetOf(context: Context, destination: string, name: string): string {
  const path = resolve(context.cwd, destination);
  const found = statSync(path, { throwIfNoEntry: false });
  const isSelf = /^\.{0,2}$/.test(name);
  const target = found?.isDirectory() && !isSelf ? join(path, name) : path;
  const parent = lstatSync(dirname(target), { throwIfNoEntry: false });
  if (parent === undefined) throw new CliError(`${dirname(target)} does not exist`);
  if (destination.endsWith('/') && found === undefined) throw new CliError(`${path} does not exist`);
  return target;
}
