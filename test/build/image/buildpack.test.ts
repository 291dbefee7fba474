import { describe, expect, test } from 'vitest';
import { builderFacts, explainPhase, layoutPath } from '../../../src/build/image/buildpack.ts';

const label = (metadata: object) => ({ 'io.buildpacks.builder.metadata': JSON.stringify(metadata) });
const env = ['CNB_USER_ID=1001', 'CNB_GROUP_ID=1000'];
const runs = { stack: { runImage: { image: 'example.com/run:1' } } };
const facts = (metadata: object, variables: readonly string[] = env) =>
  builderFacts('b', { ref: 'b@sha256:1', env: variables, labels: label(metadata), layers: [] });

describe('what a builder says of itself', () => {
  test('run image, user, and the newest platform API that both know', () => {
    const lifecycle = { apis: { platform: { supported: ['0.7', '0.12', '0.13', '0.99'] } } };
    expect(facts({ ...runs, lifecycle })).toEqual({
      ref: 'b@sha256:1',
      runImage: 'example.com/run:1',
      user: { uid: 1001, gid: 1000 },
      platformApi: '0.13',
    });
    expect(facts({ images: [{ image: 'run' }], stack: { runImage: { image: '' } } })).toMatchObject({
      runImage: 'run',
      platformApi: '0.12',
    });
  });

  test('what makes it none', () => {
    expect(() => builderFacts('b', { ref: 'b', env, labels: {}, layers: [] })).toThrow(
      'b cannot build: it is no builder',
    );
    const extensions = JSON.stringify([{ group: [{ id: 'ubi/nodejs', version: '1' }, { id: 'ubi/java' }] }, {}]);
    const extended = { ...label(runs), 'io.buildpacks.buildpack.order-extensions': extensions };
    expect(() => builderFacts('b', { ref: 'b', env, labels: extended, layers: [] })).toThrow(
      'b cannot build: it has image extensions (ubi/nodejs, ubi/java)',
    );
    const none = { ...label(runs), 'io.buildpacks.buildpack.order-extensions': 'null' };
    expect(builderFacts('b', { ref: 'b', env, labels: none, layers: [] }).ref).toBe('b');
    expect(() => facts({})).toThrow('on which image');
    expect(() => facts(runs, [])).toThrow('as which user');
    expect(() => facts(runs, ['CNB_USER_ID=0', 'CNB_GROUP_ID=0'])).toThrow('as which user');
    const lifecycle = { apis: { platform: { supported: ['0.10', '0.11'] } } };
    expect(() => facts({ ...runs, lifecycle })).toThrow(
      'its lifecycle knows none of the platform APIs 0.12, 0.13, 0.14',
    );
  });
});

test('where the lifecycle looks for an image', () => {
  expect(layoutPath('busybox')).toBe('index.docker.io/library/busybox/latest');
  expect(layoutPath('example.com:5000/a/b:1')).toBe('example.com-5000/a/b/1');
  expect(layoutPath(`a/b@sha256:${'0'.repeat(64)}`)).toBe(`index.docker.io/a/b/sha256/${'0'.repeat(64)}`);
});

test('exit codes of the lifecycle in words', () => {
  expect(explainPhase('"step-detect" exited with code 20', 'b:1')).toBe(
    'b:1: none of its buildpacks takes this source (detect exited with code 20)',
  );
  expect(explainPhase('"step-build" exited with code 1', 'b:1')).toBeUndefined();
});
