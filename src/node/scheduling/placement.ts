/** Pods that may not run on this Node as it is: they wait, and their status says why in the scheduler's words. */

import type { Node } from '../../resources/core/kinds.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { type Place, type Taint, unschedulable } from '../../resources/core/scheduling.ts';
import type { NodeContext } from '../context.ts';
import { standardLabels } from '../node-labels.ts';
import { PodPublisher } from '../pods/status/status-publisher.ts';
import { reportWaiting } from './report-waiting.ts';

export interface PlacementOptions {
  readonly context: NodeContext;
  /** Pods that run here. */
  readonly placed: () => readonly Pod[];
  /** Called for a Pod that may run here now. */
  readonly ready: (pod: Pod) => void;
}

const reason = 'Unschedulable';

export class Placement {
  readonly #options: PlacementOptions;
  readonly #pods = new Map<string, PodPublisher>();
  #place: Place;

  constructor(options: PlacementOptions) {
    this.#options = options;
    const { nodeName: name } = options.context;
    this.#place = { name, labels: standardLabels(name), taints: [] };
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** Whether the Pod is kept here. One that names its Node has been placed by somebody else. */
  holds(pod: Pod): boolean {
    const why = pod.spec.nodeName ? undefined : this.#reason(pod);
    if (why === undefined) return false;
    const { client, clock, stopping, onError } = this.#options.context;
    const uid = pod.metadata.uid!;
    this.#pods.set(uid, new PodPublisher({ client, clock, pod, stopping, onError }));
    this.#say(uid, why);
    return true;
  }

  /** A newer state of a Pod that waits. */
  observe(pod: Pod): void {
    this.#pods.get(pod.metadata.uid!)?.observe(pod);
    this.#look(pod.metadata.uid!);
  }

  leave(uid: string): void {
    this.#pods.delete(uid);
  }

  /** The Node has changed; undefined when there is no such object. */
  nodeChanged(node: Node | undefined): void {
    const { nodeName: name } = this.#options.context;
    const taints = (node?.spec?.taints ?? []) as readonly Taint[];
    this.#place = { name, labels: { ...standardLabels(name), ...node?.metadata.labels }, taints };
    this.podsChanged();
  }

  /** The Pods that run here have changed: hands on those that may run now. */
  podsChanged(): void {
    for (const uid of [...this.#pods.keys()]) this.#look(uid);
  }

  #look(uid: string): void {
    const pod = this.#pods.get(uid)?.pod;
    if (pod === undefined) return;
    const why = this.#reason(pod);
    if (why !== undefined) this.#say(uid, why);
    else {
      this.leave(uid);
      this.#options.ready(pod);
    }
  }

  #reason(pod: Pod): string | undefined {
    return unschedulable(pod, this.#place, this.#options.placed());
  }

  #say(uid: string, message: string): void {
    const publisher = this.#pods.get(uid)!;
    const said = publisher.pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (said?.reason === reason && said.message === message) return;
    reportWaiting(this.#options.context, publisher, { reason, message }, () => this.#pods.get(uid) === publisher);
  }
}
