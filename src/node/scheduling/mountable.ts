/** Whether what a Pod's volumes are made of is there, in the words of Kubernetes' scheduler and kubelet. Pure. */

import type { Pod, Volume } from '../../resources/core/pod.ts';
import type { PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import type { References } from '../pods/plan/references.ts';
import { isSettled } from '../volumes/bound-claim.ts';

interface Source {
  readonly what: 'secret' | 'configmap';
  readonly name: string;
  /** Keys that must be there. */
  readonly keys: readonly string[];
}

/** Why the volume cannot be mounted; undefined when it can. What is optional may be missing. */
export function unmountable(volume: Volume, references: References): string | undefined {
  const problems = sourcesOf(volume).flatMap((source) => problemOf(source, references) ?? []);
  if (problems.length === 0) return undefined;
  const all = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  return `MountVolume.SetUp failed for volume "${volume.name}" : ${all}`;
}

/** Secrets and config maps that the volume cannot do without. */
export function sourcesOf({ secret, configMap, projected }: Volume): readonly Source[] {
  return [
    ...(secret === undefined ? [] : needed('secret', { ...secret, name: secret.secretName })),
    ...(configMap === undefined ? [] : needed('configmap', configMap)),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.secret === undefined ? [] : needed('secret', source.secret)),
      ...(source.configMap === undefined ? [] : needed('configmap', source.configMap)),
    ]),
  ];
}

interface Named {
  readonly name?: string;
  readonly items?: readonly { readonly key: string }[];
  readonly optional?: boolean;
}

const needed = (what: Source['what'], { name = '', items = [], optional }: Named): readonly Source[] =>
  optional === true ? [] : [{ what, name, keys: items.map(({ key }) => key) }];

function problemOf({ what, name, keys }: Source, { secrets, configMaps }: References): string | undefined {
  const data = (what === 'secret' ? secrets : configMaps).get(name);
  if (data === undefined) return `${what} "${name}" not found`;
  const key = keys.find((one) => data[one] === undefined);
  return key === undefined
    ? undefined
    : `references non-existent ${what === 'secret' ? 'secret' : 'config'} key: ${key}`;
}

/** Why a Pod with the claim cannot be given to a Node yet; undefined when it can, or never will. */
export function unusable(name: string, claim: PersistentVolumeClaim | undefined): string | undefined {
  if (claim === undefined) return `persistentvolumeclaim "${name}" not found`;
  if (claim.metadata.deletionTimestamp !== undefined) return beingDeleted(name);
  return isSettled(claim) ? undefined : unbound;
}

/** A volume is being made for it; as a rule that takes a part of a second. */
export const unbound = 'pod has unbound immediate PersistentVolumeClaims';

const beingDeleted = (name: string): string => `persistentvolumeclaim "${name}" is being deleted`;

/** Whether the Pod has begun with nothing and waits for the claim to be gone, so that it does not use it. */
export const waitsForTheEndOf = (name: string, { spec, status }: Pod): boolean =>
  !spec.nodeName &&
  status?.conditions?.some(
    ({ type, status: held, message }) =>
      type === 'PodScheduled' && held === 'False' && message?.includes(beingDeleted(name)),
  ) === true;
