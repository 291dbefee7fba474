/** Files of a running Task: tar runs in its container, as its user, within its limits, and sees what it sees. */

import type { FileQuery } from '../../client/files.ts';
import { isFinal } from '../../resources/condition.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { badRequest, statusError } from '../../resources/status.ts';
import type { NodeContext } from '../context.ts';
import { prepareCommand } from '../exec/prepare-command.ts';
import { isInChroot } from '../host/chroot.ts';
import { type RunningContainer, runningContainers } from '../pods/containers/running-container.ts';
import { TarError, tarOutput } from './tar-process.ts';

const missing = 44;
const notEntered = 45;

/** $1 is the path. What it names is packed as it is, links as links. */
const script = `[ -e "$1" ] || [ -L "$1" ] || exit ${missing}
cd -- "$(dirname -- "$1")" || exit ${notEntered}
exec tar -cf - -- "$(basename -- "$1")"`;

type Context = Pick<NodeContext, 'client' | 'layout' | 'runtime' | 'cgroups'>;

export async function* taskFiles(context: Context, query: FileQuery): AsyncIterable<Buffer> {
  const { namespace, name, path, signal } = query;
  const task = await context.client.get(Task, { namespace, name });
  const running = await findContainer(context, task);
  const { id, bundle } = running;
  const { runtime, cgroups } = context;
  const words = ['/bin/sh', '-c', script, 'sh', path];
  const { program, args, end } = prepareCommand({ id, bundle, runtime, cgroups }, words);
  try {
    yield* tarOutput({ program, args, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (error instanceof TarError && error.code === missing)
      throw statusError('NotFound', `${path}: no such file or folder in Task "${name}"`);
    if (error instanceof TarError && error.code === notEntered) throw statusError('Forbidden', error.message);
    if (error instanceof TarError && (await isInChroot().catch(() => false))) throw badRequest(outOfReach(name));
    throw error;
  } finally {
    await end();
  }
}

const outOfReach = (name: string): string =>
  `the server runs in a chroot, from which nothing can enter the container of Task "${name}": ` +
  'have the Task write to a volume (kf create-service volume, kf bind-service) and copy from that, ' +
  'or start the server outside of the chroot';

async function findContainer({ client, layout }: Context, task: Task): Promise<RunningContainer> {
  const { name, namespace, uid } = task.metadata;
  const { items } = await client.list(Pod, {
    ...(namespace === undefined ? {} : { namespace }),
    labelSelector: `${labels.logOwner}=${uid}`,
  });
  for (const pod of items) {
    if (pod.status?.phase !== 'Running') continue;
    const [running] = runningContainers(layout, pod.metadata.uid!);
    if (running !== undefined) return running;
  }
  throw badRequest(
    isFinal(task)
      ? `Task "${name}" has ended, and its files went with it; what shall stay belongs on a volume`
      : `Task "${name}" does not run yet`,
  );
}
