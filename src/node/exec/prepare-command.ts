/**
 * A short command in a container, for probes, hooks and tar: as the container's own process, by a file that says so.
 * `exec` without one is that with runc; crun's would be root, in `/`, and might gain rights.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OciSpec } from '../runtime/oci.ts';
import { processOf } from './exec-command.ts';
import { ExecFolder } from './exec-folder.ts';

export interface PreparedCommand {
  /** Of the runtime. */
  readonly args: readonly string[];
  /** To be called once it has ended. */
  remove(): void;
}

/** @throws Error when the container has just gone */
export function prepareCommand(
  { id, bundle }: { readonly id: string; readonly bundle: string },
  runtime: { readonly root: string },
  command: readonly string[],
): PreparedCommand {
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as OciSpec;
  const folder = new ExecFolder(bundle);
  const file = folder.write(processOf(spec, command, false));
  return { args: ['--root', runtime.root, 'exec', '--process', file, id], remove: () => folder.remove() };
}
