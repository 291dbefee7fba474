/** Variables in what a run says of its Pods: as elsewhere, and in the names of labels, too. Pure. */

import { isJsonObject } from '../../resources/json.ts';
import type { PodTemplate } from '../../resources/tekton/pod-template.ts';
import { substituteDeep, substituteText, type Variables } from './substitution.ts';

/** Members whose own members are labels. */
const labelled = new Set(['nodeSelector', 'matchLabels']);

export const substitutePodTemplate = (template: PodTemplate, variables: Variables): PodTemplate =>
  labelsOf(substituteDeep(template, variables), variables) as PodTemplate;

function labelsOf(value: unknown, variables: Variables): unknown {
  if (Array.isArray(value)) return value.map((item) => labelsOf(item, variables));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      labelled.has(name) && isJsonObject(member) ? named(member, variables) : labelsOf(member, variables),
    ]),
  );
}

const named = (labels: object, variables: Variables): object =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [substituteText(key, variables), value as unknown]));
