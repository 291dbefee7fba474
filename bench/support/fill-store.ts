/** A program: puts copies of a finished Task straight into a stopped server's store. `fill-store.ts DIR SAMPLE COUNT` */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { LocalApi } from '../../src/apiserver/local-api.ts';
import { systemClock } from '../../src/client/clock.ts';
import { allKinds } from '../../src/resources/all-kinds.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { kindKeyOf } from '../../src/store/object-store.ts';

export interface Sample {
  readonly app: KubeObject;
  /** Task, PipelineRun, TaskRun, Pod: owners first. */
  readonly objects: readonly KubeObject[];
}

/** What retention keeps of an App. */
const tasksPerApp = 500;
/** Tasks between two flushes. */
const batch = 500;

const keys = new Map(allKinds.map((kind) => [`${kind.group}/${kind.kind}`, kindKeyOf(kind)]));
const keyOf = ({ apiVersion, kind }: KubeObject): string =>
  keys.get(`${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}`) ?? '';

async function fill(directory: string, { app, objects }: Sample, count: number): Promise<void> {
  const { store } = new LocalApi({ directory, kinds: allKinds, clock: systemClock, onError: console.error });
  const taskName = objects[0]!.metadata.name;
  const uids = objects.map(({ metadata }) => metadata.uid!);
  const template = JSON.stringify(objects);
  let appName = '';
  let appUid = '';
  for (let index = 0; index < count; index++) {
    if (index % tasksPerApp === 0) {
      appName = `app-${index / tasksPerApp}`;
      appUid = randomUUID();
      store.put(keyOf(app), { ...app, metadata: { ...app.metadata, name: appName, uid: appUid } }, 0);
    }
    let text = template
      .replaceAll(taskName, `${appName}-${(index + 36 ** 4).toString(36)}`)
      .replaceAll(app.metadata.uid!, appUid)
      .replaceAll('"sample"', `"${appName}"`);
    for (const uid of uids) text = text.replaceAll(uid, randomUUID());
    for (const object of JSON.parse(text) as KubeObject[]) store.put(keyOf(object), numbered(object, index), 0);
    if (index % batch === batch - 1) await store.barrier();
  }
  await store.close();
}

/** A Task's number within its App. */
function numbered(object: KubeObject, index: number): KubeObject {
  if (object.kind !== 'Task') return object;
  const { status } = object as { readonly status?: object };
  return { ...object, status: { ...status, id: (index % tasksPerApp) + 1 } } as KubeObject;
}

if (argv[1]?.endsWith('fill-store.ts'))
  await fill(argv[2] ?? '', JSON.parse(readFileSync(argv[3] ?? '', 'utf8')) as Sample, Number(argv[4]));
