/** Scripts of steps and sidecars as files. Pure. */

import type { ContainerFile } from '../../resources/core/start-order.ts';
import { shortHash } from '../../resources/names.ts';
import { paths } from './paths.ts';

const preamble = '#!/bin/sh\nset -e\n';

/** @param key makes the file's name, so that it is the same whenever it is asked for */
export function scriptFile(
  script: string,
  kind: 'script' | 'sidecar-script',
  index: number,
  key: string,
): ContainerFile {
  return {
    path: `${paths.scripts}/${kind}-${index}-${shortHash(`${key}/${kind}/${index}`).slice(0, 5)}`,
    content: script.trimStart().startsWith('#!') ? script : preamble + script,
  };
}
