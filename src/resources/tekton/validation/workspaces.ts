/** Rules of workspaces: what a Task declares, and what a run binds. */

import { posix } from 'node:path';
import type { TaskSpec } from '../task-spec.ts';
import type { WorkspaceBinding } from '../workspace.ts';
import { type Complaints, generic, missingField, missingOneOf, multipleOneOf, quoted, underEach } from './complaint.ts';

/** Folders as Tekton compares them: without a slash at the end. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path === '' ? '.' : path);
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}

/** Names are unique, and no path is mounted twice. */
export function declaredWorkspaceErrors({ workspaces, steps = [], stepTemplate }: TaskSpec): Complaints {
  const mounts = [...steps.flatMap(({ volumeMounts = [] }) => volumeMounts), ...(stepTemplate?.volumeMounts ?? [])];
  const paths = new Set(mounts.map(({ mountPath }) => cleanPath(mountPath)));
  const names = new Set<string>();
  return underEach('workspaces', workspaces, ({ name, mountPath }) => {
    const path = cleanPath(mountPath || `/workspace/${name}`);
    const complaints = [
      ...(names.has(name) ? [generic(`workspace name ${quoted(name)} must be unique`, 'name')] : []),
      ...(paths.has(path) ? [generic(`workspace mount path ${quoted(path)} must be unique`, 'mountpath')] : []),
    ];
    names.add(name);
    paths.add(path);
    return complaints;
  });
}

/** Steps and sidecars name workspaces that the Task has. */
export function usedWorkspaceErrors({ workspaces = [], steps, sidecars }: TaskSpec): Complaints {
  const names = new Set(workspaces.map(({ name }) => name));
  const undefinedOnes = (used: readonly { readonly name: string }[] | undefined): Complaints =>
    underEach('workspaces', used, ({ name }) =>
      names.has(name) ? [] : [generic(`undefined workspace ${quoted(name)}`, 'name')],
    );
  return [
    ...underEach('steps', steps, (step) => undefinedOnes(step.workspaces)),
    ...underEach('sidecars', sidecars, (sidecar) => undefinedOnes(sidecar.workspaces)),
  ];
}

const sources = [
  'volumeClaimTemplate',
  'persistentVolumeClaim',
  'emptyDir',
  'configMap',
  'secret',
  'projected',
  'csi',
] as const;

/** As Tekton names them. */
const sourcePaths = ['persistentvolumeclaim', 'volumeclaimtemplate', 'emptydir', 'configmap', 'secret'];

export function workspaceBindingErrors(binding: WorkspaceBinding): Complaints {
  const given = sources.filter((source) => binding[source] !== undefined);
  if (given.length > 1) return [multipleOneOf(...sourcePaths)];
  if (given.length === 0) return [missingOneOf(...sourcePaths)];
  const { persistentVolumeClaim, configMap, secret, projected, csi } = binding;
  if (persistentVolumeClaim !== undefined && !persistentVolumeClaim.claimName)
    return [missingField('persistentvolumeclaim.claimname')];
  if (configMap !== undefined && !configMap.name) return [missingField('configmap.name')];
  if (secret !== undefined && !secret.secretName) return [missingField('secret.secretName')];
  if (projected !== undefined && (projected.sources ?? []).length === 0) return [missingField('projected.sources')];
  if (csi !== undefined && !csi.driver) return [missingField('csi.driver')];
  return [];
}
