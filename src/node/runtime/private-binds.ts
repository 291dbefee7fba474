/**
 * Bind mounts that are the container's alone, for crun (1.8 at least): with a user namespace it takes them from the
 * machine's own mounts, and what is mounted below one would appear on the machine, too, where its mounts are shared (systemd).
 */

import type { OciMount, OciSpec } from './oci.ts';

/** Pure. */
export const withPrivateBinds = (spec: OciSpec): OciSpec => ({ ...spec, mounts: spec.mounts.map(privately) });

function privately(mount: OciMount): OciMount {
  const options = mount.options ?? [];
  return options.some((option) => option === 'bind' || option === 'rbind')
    ? { ...mount, options: [...options, 'rprivate'] }
    : mount;
}
