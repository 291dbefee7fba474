/** Workspaces of a TaskRun: what is bound to what, which volumes that makes, and who sees them. Pure. */

import type { Volume, VolumeMount } from '../../resources/core/pod.ts';
import type { ParamValue } from '../../resources/tekton/param.ts';
import type { Sidecar, Step } from '../../resources/tekton/step.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import type { WorkspaceBinding, WorkspaceDeclaration } from '../../resources/tekton/workspace.ts';
import { userError } from './failure.ts';
import { paths } from './paths.ts';

/** @throws TaskRunFailure @param embedded a spec in the run itself: what the run binds need not be declared */
export function declaredWorkspaces(
  spec: TaskSpec,
  bindings: readonly WorkspaceBinding[],
  embedded: boolean,
): readonly WorkspaceDeclaration[] {
  const declared = spec.workspaces ?? [];
  const bound = new Set(bindings.map(({ name }) => name));
  for (const { name, optional } of declared)
    if (optional !== true && !bound.has(name))
      throw userError(`declared workspace "${name}" is required but has not been bound`);
  const names = new Set(declared.map(({ name }) => name));
  const implied = bindings.filter(({ name }) => !names.has(name)).map(({ name }) => ({ name }));
  if (implied.length > 0 && !embedded)
    throw userError(`workspace binding "${implied[0]!.name}" does not match any declared workspace`);
  return [...declared, ...implied];
}

const mountPathOf = ({ name, mountPath }: WorkspaceDeclaration): string => mountPath || `${paths.workspace}/${name}`;

/** FNV-1a, 32 bits. */
function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

const volumeName = (text: string): string => `ws-${fnv32a(text).toString(16).padStart(8, '0').slice(0, 5)}`;

/** The volume of each bound workspace, by the workspace's name; the same claim is one volume. */
function workspaceVolumes(bindings: readonly WorkspaceBinding[]): ReadonlyMap<string, Volume> {
  const volumes = new Map<string, Volume>();
  const names = new Set<string>();
  const claims = new Map<string, Volume>();
  for (const binding of bindings) {
    const claim = binding.persistentVolumeClaim?.claimName;
    const shared = claim === undefined ? undefined : claims.get(claim);
    if (shared !== undefined) {
      volumes.set(binding.name, shared);
      continue;
    }
    let salted = binding.name;
    while (names.has(volumeName(salted))) salted += '$';
    const volume = { name: volumeName(salted), ...sourceOf(binding) } as Volume;
    names.add(volume.name);
    volumes.set(binding.name, volume);
    if (claim !== undefined) claims.set(claim, volume);
  }
  return volumes;
}

function sourceOf(binding: WorkspaceBinding): Omit<Volume, 'name'> {
  const { name: _name, subPath: _subPath, volumeClaimTemplate: _template, ...source } = binding;
  return source as Omit<Volume, 'name'>;
}

/** `workspaces.NAME.path`, `.bound`, `.claim`, `.volume`; an unbound one has no path. */
export function workspaceVariables(
  declared: readonly WorkspaceDeclaration[],
  bindings: readonly WorkspaceBinding[],
): ReadonlyMap<string, ParamValue> {
  const volumes = workspaceVolumes(bindings);
  const variables = new Map<string, ParamValue>();
  for (const declaration of declared) {
    const prefix = `workspaces.${declaration.name}`;
    const binding = bindings.find(({ name }) => name === declaration.name);
    variables.set(`${prefix}.bound`, binding === undefined ? 'false' : 'true');
    variables.set(`${prefix}.path`, binding === undefined ? '' : mountPathOf(declaration));
    variables.set(`${prefix}.claim`, binding?.persistentVolumeClaim?.claimName ?? '');
    variables.set(`${prefix}.volume`, volumes.get(declaration.name)?.name ?? '');
  }
  return variables;
}

/** Where a step sees workspaces that it names itself. */
export function ownMountPaths(container: Step | Sidecar): ReadonlyMap<string, ParamValue> {
  const own = new Map<string, ParamValue>();
  for (const { name, mountPath } of container.workspaces ?? [])
    if (mountPath) own.set(`workspaces.${name}.path`, mountPath);
  return own;
}

/** The spec with the volumes and mounts of its workspaces. */
export function mountWorkspaces(
  spec: TaskSpec,
  declared: readonly WorkspaceDeclaration[],
  bindings: readonly WorkspaceBinding[],
): TaskSpec {
  if (bindings.length === 0) return spec;
  const volumes = workspaceVolumes(bindings);
  const { steps = [], sidecars = [] } = spec;
  const isolated = new Set(
    [...steps, ...sidecars].flatMap(({ workspaces = [] }) => workspaces.map(({ name }) => name)),
  );
  const mounts = bindings.map((binding) => {
    const declaration = declared.find(({ name }) => name === binding.name) ?? { name: binding.name };
    const mount: VolumeMount = {
      name: volumes.get(binding.name)!.name,
      mountPath: mountPathOf(declaration),
      ...(binding.subPath ? { subPath: binding.subPath } : {}),
      ...(declaration.readOnly === true ? { readOnly: true } : {}),
    };
    return { workspace: binding.name, mount };
  });
  const shared = mounts.filter(({ workspace }) => !isolated.has(workspace)).map(({ mount }) => mount);
  const own = ({ workspaces = [] }: Step | Sidecar): readonly VolumeMount[] =>
    workspaces.flatMap(({ name, mountPath }) =>
      mounts
        .filter(({ workspace }) => workspace === name)
        .map(({ mount }) => (mountPath ? { ...mount, mountPath } : mount)),
    );
  const added = [...new Map([...volumes.values()].map((volume) => [volume.name, volume])).values()];
  return {
    ...spec,
    volumes: [...(spec.volumes ?? []), ...added],
    stepTemplate: {
      ...spec.stepTemplate,
      volumeMounts: [...(spec.stepTemplate?.volumeMounts ?? []), ...shared],
    },
    steps: steps.map((step) => withMounts(step, own(step))),
    sidecars: sidecars.map((sidecar) => {
      const given = new Set((sidecar.volumeMounts ?? []).map(({ mountPath }) => mountPath));
      return withMounts(sidecar, [...shared.filter(({ mountPath }) => !given.has(mountPath)), ...own(sidecar)]);
    }),
  };
}

const withMounts = <C extends Step | Sidecar>(container: C, mounts: readonly VolumeMount[]): C =>
  mounts.length === 0 ? container : { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...mounts] };
