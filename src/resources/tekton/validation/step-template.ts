/** Steps as the template completes them: what the rules of steps look at. */

import type { Step } from '../step.ts';
import type { TaskSpec } from '../task-spec.ts';

/** A step that refers to a StepAction is completed once that is known. */
export function completedSteps({ steps = [], stepTemplate }: TaskSpec): readonly Step[] {
  if (stepTemplate === undefined) return steps;
  return steps.map((step) => {
    if (step.ref !== undefined) return step;
    const { env = [], volumeMounts = [] } = stepTemplate;
    const own = new Set(step.env?.map(({ name }) => name));
    const paths = new Set(step.volumeMounts?.map(({ mountPath }) => mountPath));
    return {
      ...stepTemplate,
      ...step,
      env: [...env.filter(({ name }) => !own.has(name)), ...(step.env ?? [])],
      volumeMounts: [...volumeMounts.filter(({ mountPath }) => !paths.has(mountPath)), ...(step.volumeMounts ?? [])],
    };
  });
}
