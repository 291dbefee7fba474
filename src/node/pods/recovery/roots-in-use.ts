import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lowerFolders } from '../../rootfs/mounts.ts';
import type { OciSpec } from '../../runtime/oci.ts';
import type { PodRecord } from './state-file.ts';

/** The folders that kept containers stand on: the root, what is mounted, and what overlays have below. */
export function rootsInUse(pods: string, kept: ReadonlyMap<string, PodRecord>): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const [uid, { containers }] of kept)
    for (const name of Object.keys(containers)) {
      try {
        const spec = JSON.parse(readFileSync(join(pods, uid, name, 'config.json'), 'utf8')) as OciSpec;
        roots.add(spec.root.path);
        for (const { source, options = [] } of spec.mounts)
          for (const path of [source, ...lowerFolders(options)]) roots.add(path);
      } catch {
        // It was not made yet, or is gone.
      }
    }
  return roots;
}
