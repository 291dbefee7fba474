/** The environment of a Build, as it is fixed when the Build is made: the Space's, then the App's own. Pure. */

import type { EnvVar } from '../../resources/core/pod.ts';
import type { Build } from '../../resources/kf/build.ts';
import type { Space } from '../../resources/kf/space.ts';
import { unexpanded } from '../task/task-env.ts';

/** Variables of the App's build override the Space's. */
export function withSpaceEnv(spec: Build['spec'], space: Space | undefined): Build['spec'] {
  const own = spec.env ?? [];
  const inherited = (space?.spec?.buildConfig?.env ?? []).filter(({ name }) => own.every((one) => one.name !== name));
  if (inherited.length === 0) return spec;
  const literal = (one: EnvVar): EnvVar => (one.value === undefined ? one : { ...one, value: unexpanded(one.value) });
  return { ...spec, env: [...inherited.map(literal), ...own] };
}
