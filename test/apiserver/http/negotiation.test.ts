import { describe, expect, test } from 'vitest';
import { discoveryVersion, representationOf } from '../../../src/apiserver/http/negotiation.ts';

const kubectlGet =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

describe('representationOf', () => {
  test.each([
    [undefined, { as: 'Object', version: 'v1' }],
    ['*/*', { as: 'Object', version: 'v1' }],
    ['application/json, */*;q=0.8', { as: 'Object', version: 'v1' }],
    ['application/vnd.kubernetes.protobuf,application/json', { as: 'Object', version: 'v1' }],
    [kubectlGet, { as: 'Table', version: 'v1' }],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json', { as: 'Table', version: 'v1beta1' }],
    ['application/json;as=Table;v=v9;g=meta.k8s.io,application/json', { as: 'Object', version: 'v1' }],
    [
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      { as: 'PartialObjectMetadata', version: 'v1' },
    ],
  ])('%s', (accept, expected) => {
    expect(representationOf(accept)).toEqual(expected);
  });

  test('refuses what leaves no JSON', () => {
    expect(() => representationOf('application/vnd.kubernetes.protobuf')).toThrow(
      expect.objectContaining({ code: 406, reason: 'NotAcceptable' }),
    );
  });
});

describe('discoveryVersion', () => {
  const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const v2beta1 = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';
  test.each([
    [`${v2},${v2beta1},application/json`, 'v2'],
    [`${v2beta1},application/json`, 'v2beta1'],
    ['application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json', undefined],
    ['application/json', undefined],
    [undefined, undefined],
  ])('%s', (accept, expected) => {
    expect(discoveryVersion(accept)).toBe(expected);
  });
});
