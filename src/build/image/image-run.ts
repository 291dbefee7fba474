/** The TaskRun that builds an image. Pure. */

import type { Draft } from '../../client/client.ts';
import type { Build } from '../../resources/kf/build.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { type BuildLimits, buildMemory, buildRunMetadata, buildTimeout } from '../build-run.ts';
import { containersEnvironment } from './containers-config.ts';
import type { Recipe } from './recipe.ts';

export interface ImageRunContext {
  /** Image of the stack that builds run on. */
  readonly stack: string;
  /** Folders on this machine. */
  readonly source: string;
  readonly bases: string;
  readonly cache: string;
  readonly limits: BuildLimits;
}

/** Beside the cache, where all that matters is written: the Pod's own disk holds no more than a few small files. */
const ownDisk = '64Mi';

export function imageRunOf(build: Build, recipe: Recipe, context: ImageRunContext): Draft<TaskRun> {
  const limits = { memory: buildMemory(context.limits), 'ephemeral-storage': ownDisk };
  return {
    metadata: buildRunMetadata(build),
    spec: {
      timeout: buildTimeout(context.limits),
      taskSpec: {
        steps: recipe.steps.map(({ name, image = context.stack, command, env = {} }) => ({
          name,
          image,
          command,
          env: Object.entries({ ...containersEnvironment, ...env }).map(([name, value]) => ({ name, value })),
          computeResources: { limits },
          volumeMounts: [
            { name: 'source', mountPath: '/source', readOnly: true },
            { name: 'bases', mountPath: '/bases', readOnly: true },
            { name: 'build', mountPath: '/build' },
          ],
        })),
        volumes: [
          { name: 'source', hostPath: { path: context.source } },
          { name: 'bases', hostPath: { path: context.bases } },
          { name: 'build', hostPath: { path: context.cache } },
        ],
      },
    },
  };
}
