import { describe, expect, test } from 'vitest';
import { findAll } from '../../../../src/apiserver/http/tables/json-path.ts';
import { allKinds } from '../../../../src/resources/all-kinds.ts';

const object = {
  metadata: { name: 'x', labels: { 'kf.dev/app': 'a', plain: 'b' } },
  spec: { containers: [{ name: 'one', 'ephemeral-storage': '1Gi' }, { name: 'two' }], replicas: 0 },
  status: {
    urls: ['a', 'b'],
    conditions: [
      { type: 'Ready', status: 'False', weight: 2 },
      { type: 'Succeeded', status: 'True', weight: 3 },
    ],
  },
};

describe('findAll', () => {
  test.each([
    ['.metadata.name', ['x']],
    ['metadata.name', ['x']],
    ['.metadata.labels.plain', ['b']],
    ['.metadata.labels.kf\\.dev/app', ['a']],
    [".metadata.labels['kf.dev/app']", ['a']],
    ['.spec.containers[0].ephemeral-storage', ['1Gi']],
    ['.spec.containers[-1].name', ['two']],
    ['.spec.containers[*].name', ['one', 'two']],
    ['.spec.replicas', [0]],
    ['.status.urls', [['a', 'b']]],
    ['.status.conditions[?(@.type=="Succeeded")].status', ['True']],
    [".status.conditions[?(@.type=='Ready')].status", ['False']],
    ['.status.conditions[?(@.type!="Ready")].status', ['True']],
    ['.status.conditions[?(@.weight==2)].type', ['Ready']],
    ['.status.conditions[?(@.weight)].type', ['Ready', 'Succeeded']],
    ['.status.nothing.deeper', []],
    ['.spec.containers[7].name', []],
  ])('%s', (path, expected) => {
    expect(findAll(path, object)).toEqual(expected);
  });

  test('says which path it does not understand', () => {
    expect(() => findAll('.a[1:2]', object)).toThrow('unsupported JSONPath at [1:2]');
  });

  test('understands the columns of every kind', () => {
    for (const kind of allKinds)
      for (const { jsonPath } of kind.columns) expect(findAll(jsonPath, object)).toBeDefined();
  });
});
