/**
 * The small vocabulary by which a Pod's containers are ordered. Containers of a Pod start together, as in Kubernetes,
 * unless the annotation `node.kf.dev/start-order` (labels.ts) says otherwise. The TaskRun controller writes it, the
 * node agent obeys; it knows nothing of Tekton.
 */

import { annotations } from '../labels.ts';
import type { KubeObject } from '../meta.ts';

export interface ContainerOrder {
  /** Container that must have ended before this one starts. */
  readonly after?: string;
  /**
   * Start although an earlier container of the chain failed. Default false: this one then ends at once,
   * unstarted, with exit code 1 and reason `Skipped`.
   */
  readonly afterFailure?: boolean;
  /** A non-zero exit of this container counts as success for those after it and for the Pod's phase. */
  readonly ignoreFailure?: boolean;
  /** Seconds from this container's start to SIGTERM; it then ends with reason `TimeoutExceeded`. */
  readonly timeoutSeconds?: number;
}

/** By container name; a container that is absent starts at once. */
export type StartOrder = Readonly<Record<string, ContainerOrder>>;

/** The order that a text states; undefined when it states none. */
export function parseStartOrder(text: string): StartOrder | undefined {
  let order: unknown;
  try {
    order = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isMap(order) && Object.values(order).every(isContainerOrder) ? (order as StartOrder) : undefined;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isContainerOrder = (value: unknown): boolean =>
  isMap(value) &&
  ['undefined', 'string'].includes(typeof value.after) &&
  ['undefined', 'number'].includes(typeof value.timeoutSeconds);

/** The server refuses Pods with an annotation that states no order; one that got in all the same has none. */
export function startOrderOf(pod: KubeObject): StartOrder {
  const text = pod.metadata.annotations?.[annotations.startOrder];
  return (text === undefined ? undefined : parseStartOrder(text)) ?? {};
}
