/** How a push is built, from manifest and flags (Kf detects it in the same order). Pure. */

import { errorMessage } from '../../resources/errors.ts';
import { parseImageReference } from '../../resources/image-reference.ts';
import {
  type BuildSpec,
  buildParams,
  buildpackBuilder,
  dockerfileBuilder,
  hostStackBuilder,
  imageBuilder,
} from '../../resources/kf/build.ts';
import { CliError } from '../errors.ts';
import type { Variable } from '../flags.ts';

/** Who builds, and how: what a Build's spec says beside the source. */
export type BuildRecipe = Pick<BuildSpec, 'name' | 'params' | 'env'>;

/** The one stack that exists; see `kf stacks`. */
export const hostStack = 'host';

export interface BuildChoice {
  /** An image to take as it is. */
  readonly dockerImage?: string;
  readonly dockerfile?: string;
  readonly stack?: string;
  readonly buildArgs?: readonly Variable[];
}

/** Which builder makes the image, and with what parameters. @throws CliError */
export function buildRecipeOf({ dockerImage, dockerfile, stack, buildArgs = [] }: BuildChoice): BuildRecipe {
  const given = { 'Docker image': dockerImage, Dockerfile: dockerfile, stack };
  const types = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (types.length > 1) throw new CliError(`app specifies multiple types of build, expected one: ${types.join(', ')}`);
  const env = buildArgs.length === 0 ? {} : { env: buildArgs };
  if (dockerfile !== undefined)
    return { name: dockerfileBuilder, params: [{ name: buildParams.dockerfile, value: dockerfile }], ...env };
  if (stack !== undefined && stack !== hostStack) {
    requireImage(stack);
    return { name: buildpackBuilder, params: [{ name: buildParams.builderImage, value: stack }], ...env };
  }
  if (buildArgs.length > 0)
    throw new CliError('--build-arg is for Dockerfiles and buildpacks: it needs --dockerfile, or -s with a builder');
  return { name: dockerImage === undefined ? hostStackBuilder : imageBuilder };
}

/** @throws CliError for what is neither a stack nor the name of an image */
function requireImage(stack: string): void {
  const tips = [{ description: 'List the stacks', command: 'kf stacks' }];
  // A bare word is more likely a stack of another platform than an image of Docker's own.
  if (!/[/:.@]/.test(stack))
    throw new CliError(
      `no matching stack "${stack}" found; there is: ${hostStack}, and any image, a base or a builder, named with its tag: ${stack}:latest`,
      { tips },
    );
  try {
    parseImageReference(stack);
  } catch (error) {
    throw new CliError(`-s, --stack: ${errorMessage(error)}`, { tips });
  }
}
