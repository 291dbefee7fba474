/** Finds the Task that `TASK_NAME` or `APP_NAME TASK_ID` means. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { isNotFound } from '../../resources/status.ts';
import { getApp } from '../apps/find-app.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { compareText } from '../output/compare-text.ts';

/** @throws CliError when there is none */
export async function findTask(session: Session, args: readonly string[]): Promise<Task> {
  const [first, id] = args;
  return id === undefined ? taskByName(session, first!) : taskOfApp(session, first!, id);
}

async function taskByName({ client, space, serverFlags = '' }: Session, name: string): Promise<Task> {
  try {
    return await client.get(Task, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const app = await getIfExists(client, App, { namespace: space, name });
    const rest = `--space ${space}${serverFlags}`;
    const missing = `${error.message} in Space "${space}"`;
    if (app === undefined)
      throw new CliError(missing, { tips: [{ description: 'List the Tasks', command: `kf tasks ${rest}` }] });
    throw new CliError(`${missing}; it is an App, behind which the TASK_ID is missing`, {
      tips: [{ description: "List App's Tasks", command: `kf tasks ${name} ${rest}` }],
    });
  }
}

/** @param id the number, or the name */
export async function taskOfApp(session: Session, app: string, id: string): Promise<Task> {
  const { client, space, serverFlags = '' } = session;
  const labelSelector = `${labels.appName}=${app}`;
  if (/^\d+$/.test(id)) {
    const { items } = await client.list(Task, {
      namespace: space,
      labelSelector: `${labelSelector},${labels.version}=${Number(id)}`,
    });
    if (items[0] !== undefined) return items[0];
    // The label comes an instant after the number.
    const all = await client.list(Task, { namespace: space, labelSelector });
    const found = all.items.find((task) => task.status?.id === Number(id));
    if (found !== undefined) return found;
  } else {
    const task = await client.get(Task, { namespace: space, name: id }).catch((error) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (task?.spec.appRef.name === app) return task;
  }
  await getApp(session, app);
  throw new CliError(`No Task found for App "${app}" and Task ID "${id}"`, {
    tips: [{ description: "List App's Tasks", command: `kf tasks ${app} --space ${space}${serverFlags}` }],
  });
}

/** By number, newest last; those that have none yet after all others. */
export function byNumber(a: Task, b: Task): number {
  const idOf = (task: Task): number => task.status?.id ?? Number.POSITIVE_INFINITY;
  if (a.spec.appRef.name === b.spec.appRef.name && idOf(a) !== idOf(b)) return idOf(a) - idOf(b);
  const created = (task: Task): string => task.metadata.creationTimestamp ?? '';
  return compareText(created(a), created(b)) || compareText(a.metadata.name, b.metadata.name);
}

/** All Tasks of an App, newest last. @throws CliError when there is no such App */
export async function tasksOfApp(session: Session, app: string): Promise<readonly Task[]> {
  const { items } = await session.client.list(Task, {
    namespace: session.space,
    labelSelector: `${labels.appName}=${app}`,
  });
  if (items.length === 0) await getApp(session, app);
  return [...items].sort(byNumber);
}
