/** Fields of Pods that Kubernetes obeys and our node does not: refused by name, so that nothing is silently ignored. Pure. */

import { type FieldError, forbidden } from '../field-error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** By field: what there is instead. */
const ofPod: Readonly<Record<string, string>> = {
  initContainers: 'init containers are not run here; a TaskRun with several steps runs them in order',
  ephemeralContainers: 'ephemeral containers are not run here',
  hostNetwork: "a Pod has a network of its own here; host.kf.internal is the machine's address",
  hostPID: 'a Pod has process IDs of its own here',
  hostIPC: 'a Pod has an IPC namespace of its own here',
  shareProcessNamespace: 'every container has process IDs of its own here',
};
const ofContainer: Readonly<Record<string, string>> = {
  envFrom: 'not supported here; name each variable in env with valueFrom',
  livenessProbe: 'probes are not run here: a Pod runs to its end',
  readinessProbe: 'probes are not run here: a Pod runs to its end',
  startupProbe: 'probes are not run here: a Pod runs to its end',
  lifecycle: 'hooks of containers are not run here',
  volumeDevices: 'block devices are not given to Pods here',
};
const ofSecurityContext: Readonly<Record<string, string>> = {
  privileged: 'no container is privileged here',
};

interface Shape {
  readonly containers: readonly object[];
}

export function unsupportedFields(spec: Shape): readonly FieldError[] {
  return [
    ...present('spec', spec as unknown as Fields, ofPod),
    ...spec.containers.flatMap((container, index) => {
      const field = `spec.containers[${index}]`;
      const context = ((container as Fields).securityContext ?? {}) as Fields;
      const added = ((context.capabilities ?? {}) as { readonly add?: readonly unknown[] }).add ?? [];
      return [
        ...present(field, container as Fields, ofContainer),
        ...present(`${field}.securityContext`, context, ofSecurityContext),
        ...(added.length === 0
          ? []
          : [forbidden(`${field}.securityContext.capabilities.add`, 'no container gets capabilities here')]),
      ];
    }),
  ];
}

const present = (field: string, of: Fields, unsupported: Readonly<Record<string, string>>): readonly FieldError[] =>
  Object.entries(unsupported)
    .filter(([name]) => asksFor(of[name]))
    .map(([name, detail]) => forbidden(`${field}.${name}`, detail));

/** Programs write fields out that say nothing. */
const asksFor = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
