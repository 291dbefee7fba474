import { expect, test } from 'vitest';
import { bigDataFile, imageConfigOf, storedImage, withDistrusted } from '../../../src/node/images/stored-image.ts';

const layers = new Map(
  [
    { id: 'low', 'diff-size': 100, 'diff-digest': 'sha256:low' },
    { id: 'mid', parent: 'low', 'diff-size': 20 },
    { id: 'top', parent: 'mid' },
    { id: 'torn', parent: 'mid', flags: { incomplete: true } },
    { id: 'orphan', parent: 'gone' },
    { id: 'egg', parent: 'hen' },
    { id: 'hen', parent: 'egg' },
  ].map((layer) => [layer.id, layer]),
);
const record = {
  id: 'a'.repeat(64),
  digest: 'sha256:one',
  names: ['docker.io/library/debian:12'],
  layer: 'top',
  created: '2026-01-01T00:00:00Z',
  'big-data-names': ['manifest', 'manifest-sha256:list', 'sha256:config'],
  'big-data-digests': {
    manifest: 'sha256:one',
    'manifest-sha256:list': 'sha256:list',
    'sha256:config': 'sha256:config',
  },
};
const overlay = { graphRoot: '/s', driver: 'overlay' } as const;

test('layers are found from the lowest to the topmost', () => {
  expect(storedImage(record, layers, overlay)).toEqual({
    id: 'a'.repeat(64),
    digests: ['sha256:one', 'sha256:list'],
    names: ['docker.io/library/debian:12'],
    layerPaths: ['/s/overlay/low/diff', '/s/overlay/mid/diff', '/s/overlay/top/diff'],
    layers: [{ digest: 'sha256:low', bytes: 100 }],
    sizeBytes: 120,
    created: '2026-01-01T00:00:00Z',
  });
  expect(storedImage({ id: 'x', layer: 'top' }, layers, { graphRoot: '/s', driver: 'vfs' })?.layerPaths).toEqual([
    '/s/vfs/dir/top',
  ]);
  expect(storedImage({ id: 'x' }, layers, overlay)?.layerPaths).toEqual([]);
});

test.each(['torn', 'orphan', 'egg'])('an image whose layer is %s is none', (layer) => {
  expect(storedImage({ id: 'x', layer }, layers, overlay)).toBeUndefined();
});

test('layers that no image stands on are told apart', () => {
  const all = [{ id: 'low' }, { id: 'mid', parent: 'low' }, { id: 'cut', parent: 'low' }];
  expect(withDistrusted(all, [{ id: 'x', layer: 'mid' }])).toEqual([
    ...all.slice(0, 2),
    { ...all[2], flags: { incomplete: true } },
  ]);
  expect(withDistrusted(all.slice(0, 2), [{ id: 'x', layer: 'mid' }])).toBeUndefined();
});

test('files of data bear the name, or its base64', () => {
  expect(bigDataFile('manifest')).toBe('manifest');
  expect(bigDataFile('sha256:ab')).toBe('=c2hhMjU2OmFi');
});

test('of the configuration only what is there is taken', () => {
  expect(
    imageConfigOf('{"config":{"Env":["A=b"],"Cmd":["x"],"Entrypoint":null,"WorkingDir":"","User":"app:staff"}}'),
  ).toEqual({
    env: ['A=b'],
    cmd: ['x'],
    user: 'app:staff',
  });
  expect(imageConfigOf('{}')).toEqual({});
});
