/** How a push is built, from manifest and flags (Kf detects it in the same order). Pure. */

import { type BuildSpec, buildParams, dockerfileBuilder, hostStackBuilder } from '../../resources/kf/build.ts';
import { CliError } from '../errors.ts';
import type { Variable } from '../flags.ts';

/** Who builds, and how: what a Build's spec says beside the source. */
export type BuildRecipe = Pick<BuildSpec, 'name' | 'params' | 'env'>;

/** The one stack that exists; see `kf stacks`. */
export const hostStack = 'host';

export interface BuildChoice {
  readonly dockerfile?: string;
  readonly stack?: string;
  readonly buildArgs?: readonly Variable[];
}

/** @throws CliError */
export function buildRecipeOf({ dockerfile, stack, buildArgs = [] }: BuildChoice): BuildRecipe {
  if (dockerfile !== undefined && stack !== undefined)
    throw new CliError('app specifies multiple types of build, expected one: Dockerfile, stack');
  if (stack !== undefined && stack !== hostStack)
    throw new CliError(`no matching stack "${stack}" found; there is: ${hostStack}`, {
      tips: [{ description: 'List the stacks', command: 'kf stacks' }],
    });
  const env = buildArgs.length === 0 ? {} : { env: buildArgs };
  if (dockerfile !== undefined)
    return { name: dockerfileBuilder, params: [{ name: buildParams.dockerfile, value: dockerfile }], ...env };
  if (buildArgs.length > 0) throw new CliError('--build-arg is for Dockerfiles: it needs --dockerfile');
  return { name: hostStackBuilder };
}
