import { describe, expect, test } from 'vitest';
import { buildRecipeOf } from '../../../src/cli/push/build-type.ts';
import { requireDockerfile } from '../../../src/cli/push/require-dockerfile.ts';
import type { SourceTree } from '../../../src/cli/push/source-tree.ts';

const file = (path: string) => ({ type: 'file', path, size: 1, executable: false }) as const;
const source: Pick<SourceTree, 'root' | 'entries' | 'ignored'> = {
  root: '/src',
  entries: [
    { type: 'directory', path: 'docker' },
    file('docker/Dockerfile'),
    { type: 'symlink', path: 'current', target: 'docker' },
  ],
  ignored: ['secret/', 'Left.out'],
};
const check = (dockerfile?: string) => () => requireDockerfile(buildRecipeOf({ dockerfile }), source);

describe('the Dockerfile of a push', () => {
  test.each(['docker/Dockerfile', './docker/Dockerfile', '/docker/Dockerfile', 'current/Dockerfile', undefined])(
    '%s is there, or is the server’s to find',
    (path) => expect(check(path)).not.toThrow(),
  );

  test.each([
    ['Nope', 'the Dockerfile "Nope" couldn\'t be found under the app root /src'],
    ['docker', '"docker" couldn\'t be found'],
    ['Left.out', 'root /src: Left.out is left out'],
    ['secret/Dockerfile', 'root /src: secret/ is left out'],
  ])('%s is not', (path, message) => expect(check(path)).toThrow(message));
});
