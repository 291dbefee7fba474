/** The settings `tekton.*`, as new runs get them. Pure. */

import { parseDuration } from '../resources/duration.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import type { RunDefaults } from '../resources/tekton/defaults/configured.ts';
import { canonicalDuration } from '../resources/tekton/defaults/specs.ts';
import { usualCombinations } from '../resources/tekton/feature-flags.ts';

export function runDefaults(config: ServerConfig): RunDefaults {
  const podTemplate = config['tekton.podTemplate'];
  const imagePullBackOffTimeout = config['tekton.imagePullBackOffTimeout'];
  const workspaceBinding = config['tekton.workspaceBinding'];
  return {
    timeout: canonicalDuration(`${config['tekton.timeout'] / 1000}s`),
    serviceAccount: config['tekton.serviceAccount'],
    ...(config['tekton.resolver'] === undefined ? {} : { resolver: config['tekton.resolver'] }),
    forbiddenEnv: config['tekton.forbiddenEnv'],
    resources: config['tekton.resources'],
    matrixCombinations: config['tekton.matrixCombinations'],
    disableInlineSpec: config['tekton.disableInlineSpec'],
    credentials: config['tekton.credentials'],
    ...(imagePullBackOffTimeout === undefined ? {} : { imagePullBackOffTimeout }),
    // What they hold is checked with each run that they are filled into.
    ...(podTemplate === undefined ? {} : { podTemplate: podTemplate as RunDefaults['podTemplate'] }),
    ...(workspaceBinding === undefined
      ? {}
      : { workspaceBinding: workspaceBinding as RunDefaults['workspaceBinding'] }),
  } as RunDefaults;
}

export const pipelineRunSettings = ({ matrixCombinations = usualCombinations, timeout }: RunDefaults) => ({
  matrixCombinations,
  timeout: parseDuration(timeout) ?? 0,
});
