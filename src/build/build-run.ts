/** The TaskRun that runs a build's dependency steps, in the same sandbox as tasks. Pure. */

import type { Draft } from '../client/client.ts';
import { formatDuration } from '../resources/duration.ts';
import type { Build } from '../resources/kf/build.ts';
import { labels } from '../resources/labels.ts';
import { controllerRef } from '../resources/meta.ts';
import type { TaskRun } from '../resources/tekton/task-run.ts';
import { vcapUser } from '../resources/vcap.ts';
import type { DependencyStep } from './detect.ts';
import { appFolder } from './staging.ts';

/** What one build may use. */
export interface BuildLimits {
  /** Milliseconds. Default: one hour, as in Kf. */
  readonly timeout?: number;
  /** Bytes of memory. Default: 2 GiB, for package managers need more than a small task. */
  readonly memory?: number;
  /** Bytes of memory that the machine has for Pods: no build may ask for more. Default: unknown. */
  readonly machineMemory?: number;
}

const usualMemory = 2 * 2 ** 30;
const disk = '2Gi';

export interface BuildRunContext {
  /** Image of the bare stack. */
  readonly image: string;
  /** Whether that is another system than this machine's own. */
  readonly isImage: boolean;
  /** Folder on this machine with the app's files. */
  readonly source: string;
  readonly path: readonly string[];
  readonly limits: BuildLimits;
}

/** On a small machine a build has what there is, rather than waiting for what will never be. */
export function buildMemory({ memory = usualMemory, machineMemory = memory }: BuildLimits): string {
  return `${Math.floor(Math.min(memory, machineMemory) / 2 ** 20)}Mi`;
}

/** A Go duration. */
export const buildTimeout = ({ timeout = 3_600_000 }: BuildLimits): string => formatDuration(timeout);

export function buildRunMetadata(build: Build): Draft<TaskRun>['metadata'] {
  return {
    name: build.metadata.name,
    ...(build.metadata.namespace === undefined ? {} : { namespace: build.metadata.namespace }),
    labels: {
      ...build.metadata.labels,
      [labels.component]: 'build',
      [labels.networkPolicy]: 'build',
      [labels.logOwner]: build.metadata.uid ?? '',
    },
    ownerReferences: [controllerRef(build)],
  };
}

export function buildRunOf(build: Build, steps: readonly DependencyStep[], context: BuildRunContext): Draft<TaskRun> {
  const limits = { memory: buildMemory(context.limits), 'ephemeral-storage': disk };
  const env = [
    { name: 'HOME', value: '/tmp' },
    { name: 'PATH', value: context.path.join(':') },
    { name: 'CI', value: 'true' },
    // Node trusts its own list of authorities only; a build trusts what the machine trusts.
    ...(context.isImage ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ssl/certs/ca-certificates.crt' }]),
    ...(build.spec.env ?? []),
  ];
  return {
    metadata: buildRunMetadata(build),
    spec: {
      timeout: buildTimeout(context.limits),
      taskSpec: {
        steps: steps.map((step, index) => ({
          name: `build-${index}`,
          image: context.image,
          command: ['/bin/sh', '-ec', step.command],
          workingDir: appFolder,
          env,
          computeResources: { limits },
          volumeMounts: [{ name: 'app', mountPath: appFolder }],
          // Whom the image's own processes run as may not write to the source.
          ...(context.isImage ? { securityContext: { runAsUser: vcapUser.uid, runAsGroup: vcapUser.gid } } : {}),
        })),
        volumes: [{ name: 'app', hostPath: { path: context.source } }],
      },
    },
  };
}
