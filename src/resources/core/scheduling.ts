/** Whether a Pod may run on a Node: selectors, affinity, taints, as Kubernetes' scheduler has them. Pure. */

import * as s from '../schema.ts';
import type { Labels } from '../selector.ts';
import { type LabelSelector, labelSelectorSchema, selects } from './label-selector.ts';

export const tolerationSchema = s.object(
  {
    key: s.optional(s.string()),
    operator: s.optional(s.string()),
    value: s.optional(s.string()),
    effect: s.optional(s.string()),
  },
  { open: true },
);
type Toleration = s.Infer<typeof tolerationSchema>;

const requirement = s.object({ key: s.string(), operator: s.string(), values: s.optional(s.array(s.string())) });
const nodeTerm = s.atomic(
  s.object({
    matchExpressions: s.optional(s.array(requirement)),
    matchFields: s.optional(s.array(requirement)),
  }),
);
const podTerm = s.object(
  {
    labelSelector: s.optional(labelSelectorSchema),
    namespaces: s.optional(s.array(s.string())),
    namespaceSelector: s.optional(labelSelectorSchema),
    topologyKey: s.string(),
  },
  { open: true },
);
const podAffinity = s.object(
  { requiredDuringSchedulingIgnoredDuringExecution: s.optional(s.array(podTerm)) },
  { open: true },
);

/** What is merely preferred says nothing where there is one Node. */
export const affinitySchema = s.object({
  nodeAffinity: s.optional(
    s.object(
      {
        requiredDuringSchedulingIgnoredDuringExecution: s.optional(
          s.atomic(s.object({ nodeSelectorTerms: s.array(nodeTerm) })),
        ),
      },
      { open: true },
    ),
  ),
  podAffinity: s.optional(podAffinity),
  podAntiAffinity: s.optional(podAffinity),
});

export const spreadSchema = s.object(
  { topologyKey: s.string(), whenUnsatisfiable: s.optional(s.string()) },
  { open: true },
);

type Requirement = s.Infer<typeof requirement>;
type PodTerm = s.Infer<typeof podTerm>;

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

interface Sized {
  readonly resources?: { readonly limits?: Labels; readonly requests?: Labels };
}

/** What is looked at of a Pod. */
export interface Placed {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  readonly spec: {
    readonly nodeSelector?: Labels;
    readonly affinity?: s.Infer<typeof affinitySchema>;
    readonly tolerations?: readonly Toleration[];
    readonly topologySpreadConstraints?: readonly s.Infer<typeof spreadSchema>[];
    readonly schedulerName?: string;
    readonly initContainers?: readonly Sized[];
    readonly containers?: readonly Sized[];
  };
}

/** What the node has; how much of it there is free is the waiting room's business. */
const resources = ['cpu', 'memory', 'ephemeral-storage'];

export interface Place {
  readonly name: string;
  readonly labels: Labels;
  readonly taints: readonly Taint[];
}

/** What Kubernetes' scheduler is called; a Pod of another one waits for that one. */
const usualScheduler = 'default-scheduler';

/**
 * Why the Pod cannot run on the only Node there is, in the scheduler's words; undefined when it can.
 * @param others Pods that have been placed there and have not ended
 */
export function unschedulable(pod: Placed, node: Place, others: readonly Placed[]): string | undefined {
  const { schedulerName = usualScheduler } = pod.spec;
  if (schedulerName !== usualScheduler && schedulerName !== '')
    return `there is no scheduler ${JSON.stringify(schedulerName)} here, only ${usualScheduler}`;
  const lacking = [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])]
    .flatMap(({ resources: { limits = {}, requests = {} } = {} }) => Object.entries({ ...limits, ...requests }))
    .find(([name, amount]) => !resources.includes(name) && String(amount) !== '0');
  if (lacking !== undefined) return `0/1 nodes are available: 1 Insufficient ${lacking[0]}.`;
  const why = mismatch(pod, node, others);
  return why === undefined ? undefined : `0/1 nodes are available: 1 node(s) ${why}.`;
}

function mismatch(pod: Placed, node: Place, others: readonly Placed[]): string | undefined {
  const { tolerations = [], affinity = {}, topologySpreadConstraints: spread = [] } = pod.spec;
  const taint = node.taints.find((one) => !isTolerated(one, tolerations));
  if (taint !== undefined) return `had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  if (!nodeMatches(pod, node)) return "didn't match Pod's node affinity/selector";
  if (!requiredTerms(affinity.podAffinity).every((term) => hasNeighbour(term, pod, node, others)))
    return "didn't match pod affinity rules";
  if (requiredTerms(affinity.podAntiAffinity).some((term) => isBeside(term, pod, node, others)))
    return "didn't match pod anti-affinity rules";
  // One Node is one domain, which nothing can be spread over unevenly.
  if (
    spread.some(
      ({ topologyKey, whenUnsatisfiable }) =>
        whenUnsatisfiable !== 'ScheduleAnyway' && node.labels[topologyKey] === undefined,
    )
  )
    return "didn't match pod topology spread constraints (missing required label)";
  return undefined;
}

const requiredTerms = (affinity: s.Infer<typeof podAffinity> | undefined): readonly PodTerm[] =>
  affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];

function isTolerated({ key, value = '', effect }: Taint, tolerations: readonly Toleration[]): boolean {
  if (effect !== 'NoSchedule' && effect !== 'NoExecute') return true;
  return tolerations.some((one) => {
    if (one.effect !== undefined && one.effect !== '' && one.effect !== effect) return false;
    if (one.operator === 'Exists') return one.key === undefined || one.key === '' || one.key === key;
    return one.key === key && (one.value ?? '') === value;
  });
}

function nodeMatches({ spec }: Placed, node: Place): boolean {
  if (Object.entries(spec.nodeSelector ?? {}).some(([key, value]) => node.labels[key] !== value)) return false;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  // A term that asks for nothing matches no Node.
  return terms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 &&
      matchExpressions.every((one) => meets(one, node.labels)) &&
      matchFields.every((one) => meets(one, { 'metadata.name': node.name })),
  );
}

function meets({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && Number(value) > Number(values[0]);
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

const isInteger = (text: string | undefined): boolean => text !== undefined && /^-?\d+$/.test(text);

/** The first of Pods that want to be beside each other may come alone. */
function hasNeighbour(term: PodTerm, pod: Placed, node: Place, others: readonly Placed[]): boolean {
  if (node.labels[term.topologyKey] === undefined) return false;
  return others.some((other) => isMeant(term, pod, other)) || isMeant(term, pod, pod);
}

const isBeside = (term: PodTerm, pod: Placed, node: Place, others: readonly Placed[]): boolean =>
  node.labels[term.topologyKey] !== undefined && others.some((other) => isMeant(term, pod, other));

/** Without a label selector a term means nobody. A selector of namespaces is taken for all of them. */
function isMeant({ labelSelector, namespaces = [], namespaceSelector }: PodTerm, pod: Placed, other: Placed): boolean {
  if (labelSelector === undefined) return false;
  const inNamespace =
    namespaces.includes(other.metadata.namespace ?? '') ||
    (namespaceSelector === undefined
      ? namespaces.length === 0 && other.metadata.namespace === pod.metadata.namespace
      : true);
  return inNamespace && selects(labelSelector as LabelSelector, other.metadata.labels ?? {});
}
