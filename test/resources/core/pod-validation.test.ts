import { describe, expect, test } from 'vitest';
import { Pod } from '../../../src/resources/core/pod.ts';
import { annotations } from '../../../src/resources/labels.ts';

type Spec = Partial<Pod['spec']>;

const pod = (spec: Spec = {}, order?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(order === undefined ? {} : { annotations: { [annotations.startOrder]: order } }) },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const fields = (object: Pod): readonly string[] => (Pod.validate?.(object) ?? []).map(({ field }) => field);

test('a usual Pod has no faults', () => {
  const spec: Spec = {
    containers: [
      {
        name: 'step-a',
        env: [{ name: 'A.b-c', value: 'x' }],
        volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }],
        securityContext: { runAsUser: 1000 },
      },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
  };
  expect(fields(pod(spec, '{"step-a":{"after":"x","timeoutSeconds":1.5}}'))).toEqual([]);
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['spec', { initContainers: [{ name: 'c' }] }, 'spec.containers[0].name'],
  ['spec', { initContainers: [{ name: 'i', restartPolicy: 'Never' }] }, 'spec.initContainers[0].restartPolicy'],
  ['spec', { initContainers: [{ name: 'i', livenessProbe: { exec: {} } }] }, 'spec.initContainers[0].livenessProbe'],
  [
    'spec',
    { initContainers: [{ name: 'i', lifecycle: { preStop: { exec: { command: ['true'] } } } }] },
    'spec.initContainers[0].lifecycle',
  ],
  ['spec', { hostNetwork: true }, 'spec.hostNetwork'],
  ['spec', { restartPolicy: 'Always' }, 'spec.restartPolicy'],
  ['spec', { restartPolicy: 'OnFailure' }, 'spec.restartPolicy'],
  ['spec', { restartPolicy: 'never' }, 'spec.restartPolicy'],
  ['spec', { volumes: [{ name: 'v', csi: { driver: 'd' } }] }, 'spec.volumes[0].csi'],
  ['spec', { volumes: [{ name: 'v' }] }, 'spec.volumes[0]'],
  ['spec', { volumes: [{ name: 'v', emptyDir: {}, secret: { secretName: 's' } }] }, 'spec.volumes[0].secret'],
  [
    'spec',
    { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
    'spec.volumes[0].projected.sources[0].serviceAccountToken',
  ],
  ['spec', { hostUsers: false }, 'spec.hostUsers'],
  ['spec', { runtimeClassName: 'gvisor' }, 'spec.runtimeClassName'],
  ['spec', { automountServiceAccountToken: true }, 'spec.automountServiceAccountToken'],
  ['spec', { securityContext: { seccompProfile: { type: 'Unconfined' } } }, 'spec.securityContext.seccompProfile.type'],
  ['spec', { securityContext: { supplementalGroups: [1, -1] } }, 'spec.securityContext.supplementalGroups[1]'],
  ['container', { readinessProbe: { grpc: { port: 1 } } }, 'spec.containers[0].readinessProbe.grpc'],
  ['container', { ports: [{ containerPort: 80, hostPort: 80 }] }, 'spec.containers[0].ports[0].hostPort'],
  ['container', { readinessProbe: {} }, 'spec.containers[0].readinessProbe'],
  ['container', { lifecycle: { preStop: {} } }, 'spec.containers[0].lifecycle.preStop'],
  [
    'container',
    { lifecycle: { postStart: { tcpSocket: { port: 1 } } } },
    'spec.containers[0].lifecycle.postStart.tcpSocket',
  ],
  ['container', { restartPolicy: 'Always' }, 'spec.containers[0].restartPolicy'],
  ['container', { lifecycle: { stopSignal: 'SIGUSR1' } }, 'spec.containers[0].lifecycle.stopSignal'],
  ['container', { securityContext: { privileged: true } }, 'spec.containers[0].securityContext.privileged'],
  [
    'container',
    { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } },
    'spec.containers[0].securityContext.capabilities.add',
  ],
])('what a Pod would not get is refused by name: %s %j', (where, asked, field) => {
  const container = where === 'container' ? asked : {};
  expect(fields(pod({ ...(where === 'spec' ? asked : {}), containers: [{ name: 'c', ...container }] }))).toEqual([
    field,
  ]);
});

test('what is to be run again is refused with the way out; a Pod that an earlier version let in may end', () => {
  const always = pod({ restartPolicy: 'Always' });
  expect(Pod.validate?.(always)[0]?.message).toContain('kubectl run --restart=Never');
  expect(Pod.validate?.(always, always)).toEqual([]);
  expect(fields(pod({ restartPolicy: 'Never' }))).toEqual([]);
});

test('fields that ask for nothing are no fault', () => {
  const container = {
    name: 'c',
    envFrom: [],
    readinessProbe: { exec: { command: ['true'] } },
    securityContext: {
      privileged: false,
      allowPrivilegeEscalation: false,
      seccompProfile: { type: 'RuntimeDefault' },
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CAP_CHOWN'] },
    },
  };
  const spec = { initContainers: [], hostNetwork: false, hostUsers: true, automountServiceAccountToken: false };
  expect(fields(pod({ ...spec, containers: [container] } as Spec))).toEqual([]);
});

// They become paths below folders of root's, and arguments of the monitor, one per line.
describe.each(['../../etc/cron.d/x', '..', 'a/b', '', 'A', 'x\n--exit-command\n/bin/sh', 'x'.repeat(64)])(
  'the name %j',
  (name) => {
    test('is refused for a container', () =>
      expect(fields(pod({ containers: [{ name }] }))).toEqual(['spec.containers[0].name']));
    test('is refused for a volume', () =>
      expect(fields(pod({ volumes: [{ name, emptyDir: {} }] }))).toEqual(['spec.volumes[0].name']));
  },
);

test('names are given once', () => {
  expect(fields(pod({ containers: [{ name: 'c' }, { name: 'c' }] }))).toEqual(['spec.containers[1].name']);
});

test.each([
  { name: 'absent', mountPath: '/x' },
  { name: 'v', mountPath: '' },
  { name: 'v', mountPath: '/a:b' },
  { name: 'v', mountPath: '/x', subPath: '../y' },
  { name: 'v', mountPath: '/x', subPath: '/y' },
])('the mount %j is refused', (mount) => {
  const spec: Spec = { containers: [{ name: 'c', volumeMounts: [mount] }], volumes: [{ name: 'v', emptyDir: {} }] };
  expect(fields(pod(spec))).toHaveLength(1);
});

test.each(['', 'A=B', 'A\nB', 'A\0'])('the variable %j is refused', (name) => {
  expect(fields(pod({ containers: [{ name: 'c', env: [{ name }] }] }))).toEqual(['spec.containers[0].env[0].name']);
});

test.each(['0', -1, 1.5, 2 ** 32])('the user %j is refused', (runAsUser) => {
  expect(fields(pod({ securityContext: { runAsUser: runAsUser as number } }))).toEqual([
    'spec.securityContext.runAsUser',
  ]);
});

test.each(['{', 'null', '[]', '{"c":null}', '{"c":{"after":1}}'])('the start order %j is refused', (order) => {
  expect(fields(pod({}, order))).toEqual([`metadata.annotations[${annotations.startOrder}]`]);
});
