import { describe, expect, test } from 'vitest';
import { buildRecipeOf } from '../../../src/cli/push/build-type.ts';
import { parseManifest } from '../../../src/cli/push/manifest.ts';

describe('how a push is built', () => {
  test('on the host stack, unless something else is said', () => {
    expect(buildRecipeOf({})).toEqual({ name: 'host-stack' });
    expect(buildRecipeOf({ stack: 'host' })).toEqual({ name: 'host-stack' });
  });

  test('of a Dockerfile, with values for its arguments', () => {
    expect(buildRecipeOf({ dockerfile: 'docker/Dockerfile', buildArgs: [{ name: 'V', value: '1' }] })).toEqual({
      name: 'dockerfile',
      params: [{ name: 'DOCKERFILE', value: 'docker/Dockerfile' }],
      env: [{ name: 'V', value: '1' }],
    });
  });

  test('by the buildpacks of a builder image', () => {
    expect(buildRecipeOf({ stack: 'example.com/builder:1' })).toEqual({
      name: 'buildpack',
      params: [{ name: 'BUILDER_IMAGE', value: 'example.com/builder:1' }],
    });
    expect(() => buildRecipeOf({ stack: 'cflinuxfs3' })).toThrow('no matching stack "cflinuxfs3" found');
    expect(() => buildRecipeOf({ stack: 'Not/An Image' })).toThrow('-s, --stack: "Not/An Image" is no image');
  });

  test('a manifest names it as in Kf', async () => {
    const text = (dockerfile: string) => `applications:\n- name: a\n  dockerfile: ${dockerfile}\n`;
    const { apps } = await parseManifest(text('{ path: Dockerfile }'), 'manifest.yml');
    expect(apps).toMatchObject([{ dockerfile: 'Dockerfile' }]);
    await expect(parseManifest(text('Dockerfile'), 'manifest.yml')).rejects.toThrow(
      'manifest.yml: applications[0].dockerfile: must be a map with the field path',
    );
  });
});
