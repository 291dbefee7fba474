/** Variables that a run's podTemplate may not set: the setting `tekton.forbiddenEnv`. */

import { badRequest } from '../../status.ts';
import type { PodTemplate } from '../pod-template.ts';
import { complaintText, invalidValue, under, underEach } from '../validation/complaint.ts';

interface Spec {
  readonly podTemplate?: PodTemplate;
  readonly taskRunTemplate?: { readonly podTemplate?: PodTemplate };
  readonly taskRunSpecs?: readonly { readonly podTemplate?: PodTemplate }[];
}

interface Rule {
  readonly forbiddenEnv?: readonly string[];
  /** What the administrator sets for all runs: children of PipelineRuns say it themselves. */
  readonly podTemplate?: PodTemplate;
}

/** @param spec of a TaskRun or PipelineRun as somebody wrote it @throws StatusError in the words of Tekton's webhook */
export function refuseForbiddenEnv(spec: unknown, { forbiddenEnv = [], podTemplate: all }: Rule): void {
  if (forbiddenEnv.length === 0) return;
  const { podTemplate, taskRunTemplate, taskRunSpecs } = spec as Spec;
  const isUsual = (name: string, value: unknown): boolean =>
    all?.env?.some((one) => one.name === name && one.value === value) ?? false;
  const complaints = (template: PodTemplate | undefined) =>
    (Array.isArray(template?.env) ? template.env : [])
      .filter(({ name, value }) => forbiddenEnv.includes(name) && !isUsual(name, value))
      .map(({ name }) => invalidValue(`PodTemplate cannot update a forbidden env: ${name}`, 'PodTemplate.Env'));
  const found = [
    ...under('spec', complaints(podTemplate)),
    ...under('spec.taskRunTemplate', complaints(taskRunTemplate?.podTemplate)),
    ...under(
      'spec',
      underEach('taskRunSpecs', Array.isArray(taskRunSpecs) ? taskRunSpecs : [], (one) => complaints(one.podTemplate)),
    ),
  ];
  if (found.length === 0) return;
  const webhook = 'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request';
  throw badRequest(`${webhook}: validation failed: ${complaintText(found)}`);
}
