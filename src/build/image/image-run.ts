/** The TaskRun that builds an image. Pure. */

import type { Draft } from '../../client/client.ts';
import type { Build } from '../../resources/kf/build.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { type BuildLimits, buildMemory, buildRunMetadata, buildTimeout } from '../build-run.ts';
import type { Recipe } from './recipe.ts';

/** Beside the cache, where all that matters is written: the Pod's own disk holds no more than temporary files. */
const ownDisk = '256Mi';

export function imageRunOf(build: Build, { folders, steps }: Recipe, limits: BuildLimits): Draft<TaskRun> {
  const resources = { memory: buildMemory(limits) };
  return {
    metadata: buildRunMetadata(build),
    spec: {
      timeout: buildTimeout(limits),
      taskSpec: {
        steps: steps.map(({ name, image, user, command, env, mounts }, index) => ({
          name,
          image,
          command,
          ...(user === undefined ? {} : { securityContext: { runAsUser: user.uid, runAsGroup: user.gid } }),
          env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
          // A Pod's steps share one disk, whose limits are added up.
          computeResources: { limits: index === 0 ? { ...resources, 'ephemeral-storage': ownDisk } : resources },
          volumeMounts: mounts.map(({ folder, path, readOnly }) => ({
            name: folder,
            mountPath: path,
            ...(readOnly ? { readOnly } : {}),
          })),
        })),
        volumes: Object.entries(folders).map(([name, path]) => ({ name, hostPath: { path } })),
      },
    },
  };
}
