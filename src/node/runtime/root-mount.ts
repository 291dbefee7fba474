/**
 * The overlay of a container's root, for runtimes that mount nothing at `/` as runc does (crun, before 1.22 at least):
 * the monitor gets a mount namespace of its own that has it, and the runtime finds the root as it should be. The overlay
 * goes with the monitor, so there is nothing to undo.
 */

import type { OciMount, OciSpec } from './oci.ts';

export interface RootMount {
  /** As `mount -o` takes them. */
  readonly options: string;
  /** What it is mounted over. */
  readonly path: string;
}

/** Takes the mount at `/` out of a specification. Pure. */
export function withoutRootMount(spec: OciSpec): { readonly spec: OciSpec; readonly rootMount?: RootMount } {
  const at = spec.mounts.findIndex(isAtRoot);
  const mount = spec.mounts[at];
  if (mount === undefined) return { spec };
  return {
    spec: { ...spec, mounts: spec.mounts.filter((_, index) => index !== at) },
    rootMount: { options: (mount.options ?? []).join(','), path: spec.root.path },
  };
}

const isAtRoot = ({ destination, type }: OciMount): boolean => destination === '/' && type === 'overlay';

/**
 * `sh -c` of this with the options, the path, the folder of all Pods' disks, and a program with its arguments. Where
 * mounts of the machine are not shared (no systemd), the new namespace's copies of the other Pods' disks would keep them
 * in use; a line of mountinfo has `master:` when that cannot happen. By the newer system calls, which mount(8) takes from 2.39
 * on where it may, the kernel accepts no option of more than 255 bytes: no image of several layers.
 */
export const mountRoot = `
options=$1 root=$2 disks=$3; shift 3
while read -r _ _ _ _ target rest; do
  case "$target" in "$disks"/*) ;; *) continue ;; esac
  case "$rest" in *' master:'*) continue ;; esac
  case "$options" in *"=$target/"*) continue ;; esac
  umount -l "$target"
done </proc/self/mountinfo
LIBMOUNT_FORCE_MOUNT2=always mount -i -t overlay -o "$options" overlay "$root" && exec "$@"`;
