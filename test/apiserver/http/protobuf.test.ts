import { describe, expect, test } from 'vitest';
import { decodeObject } from '../../../src/apiserver/http/protobuf/decode.ts';
import { recordedCommands } from './recorded.ts';

const bodyOf = (command: string): Buffer => {
  const request = recordedCommands.find((entry) => entry.command === command)?.requests.find((entry) => entry.base64);
  return Buffer.from(request!.base64!, 'base64');
};

describe('bodies that kubectl 1.32 sent', () => {
  test.each([
    [
      'create configmap a --from-literal=x=1',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1' } },
    ],
    [
      'create secret generic s --from-literal=x=1',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { x: 'MQ==' } },
    ],
    ['create namespace dev', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dev' } }],
    ['create serviceaccount sa1', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'sa1' } }],
    [
      'auth can-i',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace: 'dev', verb: 'get', resource: 'pods' } },
      },
    ],
    [
      'auth can-i list',
      { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: 'dev' } },
    ],
    ['auth whoami', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }],
  ])('%s', (command, expected) => {
    expect(decodeObject(bodyOf(command))).toEqual(expected);
  });
});

/** Builds messages field by field, for what kubectl has no command for. */
const varint = (value: number | bigint): Buffer => {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
};
const bytes = (number: number, content: string | Buffer): Buffer =>
  Buffer.concat([varint((number << 3) | 2), varint(Buffer.from(content).length), Buffer.from(content)]);
const integer = (number: number, value: number | bigint): Buffer => Buffer.concat([varint(number << 3), varint(value)]);
const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);
const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  message(Buffer.from('k8s\0'), bytes(1, message(bytes(1, apiVersion), bytes(2, kind))), bytes(2, raw));

describe('decodeObject', () => {
  test('a Lease: pointers keep their zeros, times have microseconds', () => {
    const time = message(integer(1, 1_700_000_000), integer(2, 5_000));
    const spec = message(bytes(1, ''), integer(2, 15), bytes(4, time), integer(5, 0));
    const metadata = message(bytes(1, 'l'), bytes(2, ''), bytes(8, ''), bytes(6, '7'));
    expect(
      decodeObject(envelope('coordination.k8s.io/v1', 'Lease', message(bytes(1, metadata), bytes(2, spec)))),
    ).toEqual({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l', resourceVersion: '7' },
      spec: {
        holderIdentity: '',
        leaseDurationSeconds: 15,
        renewTime: '2023-11-14T22:13:20.000005Z',
        leaseTransitions: 0,
      },
    });
  });

  test('an Event: times without fractions, negative integers, nested messages', () => {
    const time = message(integer(1, 1_700_000_000));
    const event = message(
      bytes(2, message(bytes(1, 'Pod'), bytes(3, 'p'))),
      bytes(5, bytes(1, 'kubelet')),
      bytes(6, time),
      integer(8, -1n),
    );
    expect(decodeObject(envelope('v1', 'Event', event))).toMatchObject({
      involvedObject: { kind: 'Pod', name: 'p' },
      source: { component: 'kubelet' },
      firstTimestamp: '2023-11-14T22:13:20Z',
      count: -1,
    });
  });

  test('metadata: maps, lists, managed fields', () => {
    const owner = message(bytes(1, 'App'), bytes(3, 'a'), bytes(4, 'u'), bytes(5, 'v1'), integer(6, 1), integer(7, 0));
    const metadata = message(
      bytes(1, 'c'),
      bytes(11, message(bytes(1, 'k'), bytes(2, 'v'))),
      bytes(11, bytes(1, 'empty')),
      bytes(13, owner),
      bytes(14, 'f/1'),
      bytes(14, 'f/2'),
      bytes(17, message(bytes(1, 'kubectl'), bytes(7, bytes(1, '{"f:data":{}}')))),
    );
    expect(decodeObject(envelope('v1', 'ConfigMap', bytes(1, metadata)))).toMatchObject({
      metadata: {
        labels: { k: 'v', empty: '' },
        ownerReferences: [
          { kind: 'App', name: 'a', uid: 'u', apiVersion: 'v1', controller: true, blockOwnerDeletion: false },
        ],
        finalizers: ['f/1', 'f/2'],
        managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:data': {} } }],
      },
    });
  });

  test('DeleteOptions of any group', () => {
    const raw = message(integer(1, 0), bytes(2, bytes(1, 'u')), bytes(4, 'Foreground'), bytes(5, 'All'));
    expect(decodeObject(envelope('kf.dev/v1alpha1', 'DeleteOptions', raw))).toEqual({
      apiVersion: 'kf.dev/v1alpha1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
      propagationPolicy: 'Foreground',
      dryRun: ['All'],
    });
  });

  test.each([
    ['no magic number', Buffer.from('{}'), 400],
    ['a length beyond the end', Buffer.concat([Buffer.from('k8s\0'), varint((2 << 3) | 2), varint(99)]), 400],
    ['an unknown kind', envelope('apps/v1', 'Deployment', Buffer.alloc(0)), 415],
  ])('%s', (_name, body, code) => {
    expect(() => decodeObject(body)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a Pod', () => {
  const quantity = (text: string) => bytes(1, text);
  const pod = (spec: Buffer) =>
    decodeObject(envelope('v1', 'Pod', message(bytes(1, bytes(1, 'p')), bytes(2, spec), bytes(3, '')))).spec;

  test('volumes, whose kind JSON has in their place; an empty one is one', () => {
    const emptyDir = message(bytes(1, 'work'), bytes(2, bytes(2, '')));
    const secret = message(bytes(1, 'key'), bytes(2, bytes(6, message(bytes(1, 'mine'), integer(3, 256)))));
    const refused = message(bytes(1, 'nfs'), bytes(2, bytes(7, bytes(1, 'server'))));
    expect(pod(message(...[emptyDir, secret, refused].map((volume) => bytes(1, volume))))).toEqual({
      volumes: [
        { name: 'work', emptyDir: {} },
        { name: 'key', secret: { secretName: 'mine', defaultMode: 256 } },
        { name: 'nfs', nfs: {} },
      ],
    });
  });

  test('containers: quantities, ports by name and number, references', () => {
    const limits = bytes(1, message(bytes(1, 'memory'), bytes(2, quantity('64Mi'))));
    const from = message(bytes(1, 'E'), bytes(3, bytes(4, message(bytes(1, bytes(1, 'mine')), bytes(2, 'k')))));
    const probe = (port: Buffer) => message(bytes(1, bytes(3, bytes(1, port))), integer(4, 3));
    const container = message(
      bytes(1, 'c'),
      bytes(3, 'sh'),
      bytes(8, limits),
      bytes(7, from),
      bytes(10, probe(message(integer(1, 0), integer(2, 8080), bytes(3, '')))),
      bytes(11, probe(message(integer(1, 1), integer(2, 0), bytes(3, 'web')))),
      bytes(15, message(integer(4, 0), integer(5, 0))),
    );
    expect(pod(message(bytes(2, container), integer(4, 0)))).toEqual({
      containers: [
        {
          name: 'c',
          command: ['sh'],
          resources: { limits: { memory: '64Mi' } },
          env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'mine', key: 'k' } } }],
          livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 3 },
          readinessProbe: { tcpSocket: { port: 'web' }, periodSeconds: 3 },
          securityContext: { runAsUser: 0, runAsNonRoot: false },
        },
      ],
      terminationGracePeriodSeconds: 0,
    });
  });
});
