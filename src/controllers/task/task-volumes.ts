/** The volumes of a Task: those that its App is bound to, and the Secrets that it sees as files. Pure. */

import type { Volume, VolumeMount } from '../../resources/core/pod.ts';
import type { App } from '../../resources/kf/app.ts';
import type { Task } from '../../resources/kf/task.ts';

interface Mounted {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

function mounted({ spec }: Task, { status }: App): readonly Mounted[] {
  const bound = (status?.volumes ?? []).map(
    ({ name, claimName, mountPath, readOnly }): Mounted => ({
      volume: { name, persistentVolumeClaim: { claimName } },
      mount: { name, mountPath, ...(readOnly ? { readOnly } : {}) },
    }),
  );
  const inputs = (spec.inputs ?? []).map(({ secretName, mountPath }, index): Mounted => {
    const name = `kf-input-${index}`;
    return { volume: { name, secret: { secretName } }, mount: { name, mountPath, readOnly: true } };
  });
  return [...bound, ...inputs];
}

export function volumesOf(task: Task, app: App): { readonly volumes?: readonly Volume[] } {
  const all = mounted(task, app);
  return all.length === 0 ? {} : { volumes: all.map(({ volume }) => volume) };
}

export function volumeMountsOf(task: Task, app: App): { readonly volumeMounts?: readonly VolumeMount[] } {
  const all = mounted(task, app);
  return all.length === 0 ? {} : { volumeMounts: all.map(({ mount }) => mount) };
}
