/** Gives the one node of this machine what a waiting Pod selects, as who sets up a cluster of several nodes would. */

import type { HttpClient } from '../../../src/client/http/http-client.ts';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Node } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';

/** Until the signal fires. Labels of Kubernetes itself stay: those tell what the machine is. */
export async function labelAsSelected(client: HttpClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    for await (const { type, object: pod } of client.watch(Pod, { signal })) {
      const labels = Object.entries(pod.spec.nodeSelector ?? {}).filter(([key]) => !key.includes('kubernetes.io/'));
      const scheduled = conditionOf(pod, 'PodScheduled');
      if (type === 'DELETED' || labels.length === 0 || scheduled?.reason !== 'Unschedulable') continue;
      const [node] = (await client.list(Node)).items;
      const body = { metadata: { labels: Object.fromEntries(labels) } };
      if (node !== undefined) await client.patch(Node, { name: node.metadata.name }, { type: 'merge', body });
    }
}
