/** A container that runs, as what is kept of it on this machine tells: by a server before this one, too. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../../layout.ts';
import type { OciSpec } from '../../runtime/oci.ts';
import { recordOf } from '../recovery/state-file.ts';

export interface RunningContainer {
  /** The runtime's name of it. */
  readonly id: string;
  readonly name: string;
  /** Holds its config.json; goes with the Pod. */
  readonly bundle: string;
  readonly spec: OciSpec;
}

/** Those of a Pod that run, or are just beginning to. */
export function runningContainers({ pods }: Pick<Layout, 'pods'>, uid: string): readonly RunningContainer[] {
  const { containers = {} } = recordOf(join(pods, uid)) ?? {};
  return Object.entries(containers)
    .filter(([, { stage }]) => stage === 'starting')
    .flatMap(([name, { id }]) => {
      const bundle = join(pods, uid, name);
      const spec = specIn(bundle);
      return spec === undefined ? [] : [{ id, name, bundle, spec }];
    });
}

/** Undefined when it has just gone. */
function specIn(bundle: string): OciSpec | undefined {
  try {
    return JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as OciSpec;
  } catch {
    return undefined;
  }
}
