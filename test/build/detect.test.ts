import { describe, expect, test } from 'vitest';
import { planAnew, planBuild, type SourceFiles, UnbuildableSourceError } from '../../src/build/detect.ts';

const none: SourceFiles = { binBuild: false };
const versions = { node: 'v20.1.0', python3: '3.11.2' };
const plan = (files: Partial<SourceFiles>) => planBuild({ ...none, ...files }, { interpreters: versions });

describe('start command', () => {
  test.each<[string, Partial<SourceFiles>, string | undefined]>([
    ['nothing to go by', {}, undefined],
    ['Procfile web', { procfile: 'web: node server.js\n' }, 'node server.js'],
    ['Procfile task before web', { procfile: 'web: node server.js\ntask:  node etl.js  \n' }, 'node etl.js'],
    ['any Procfile line', { procfile: 'worker: ruby work.rb' }, 'ruby work.rb'],
    ['package.json start', { packageJson: '{"scripts":{"start":"node x"}}' }, 'npm start'],
    ['Procfile before package.json', { procfile: 'web: a', packageJson: '{"scripts":{"start":"b"}}' }, 'a'],
  ])('%s', (_, files, command) => {
    expect(plan(files).startCommand).toBe(command);
  });
});

describe('dependencies', () => {
  test('none without a lock file or requirements', () => {
    expect(plan({ packageJson: '{}' }).steps).toEqual([]);
  });

  test('npm ci, cached by lock file and interpreter', () => {
    const files = { packageJson: '{}', packageLock: '{"lockfileVersion":3}' };
    const [step] = plan(files).steps;
    expect(step).toMatchObject({ command: 'npm ci --omit=dev --no-audit --no-fund', output: 'node_modules' });
    expect(plan(files).steps[0]?.cacheKey).toBe(step?.cacheKey);
    expect(plan({ ...files, packageLock: '{}' }).steps[0]?.cacheKey).not.toBe(step?.cacheKey);
    expect(planBuild({ ...none, ...files }, { interpreters: { node: 'v22.0.0' } }).steps[0]?.cacheKey).not.toBe(
      step?.cacheKey,
    );
  });

  test('an app with install scripts of its own is never cached', () => {
    const packageJson = '{"scripts":{"postinstall":"node gen.js"}}';
    expect(plan({ packageJson, packageLock: '{}' }).steps[0]?.cacheKey).toBeUndefined();
  });

  test('all that an installation reads is part of the key', () => {
    const files = { ...none, packageJson: '{}', packageLock: '{}' };
    const around = { interpreters: versions, space: 'dev', env: '[]' };
    const key = (changed: Partial<SourceFiles>, other = {}) =>
      planBuild({ ...files, ...changed }, { ...around, ...other }).steps[0]?.cacheKey;
    const keys = [key({}), key({ npmrc: 'omit=optional' }), key({}, { space: 'prod' }), key({}, { env: '[1]' })];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key({})).toBe(keys[0]);
  });

  test.each([
    ['workspaces', '{"workspaces":["packages/*"]}', '{}'],
    ['a linked package', '{}', '{"packages":{"node_modules/a":{"resolved":"a","link":true}}}'],
    ['a package that is a file', '{}', '{"packages":{"node_modules/a":{"resolved":"file:a.tgz"}}}'],
  ])('%s: node_modules alone is not all that npm makes', (_, packageJson, packageLock) => {
    expect(plan({ packageJson, packageLock }).steps[0]?.cacheKey).toBeUndefined();
  });

  test('dependencies without a lock file are refused with the way out', () => {
    const packageJson = '{"dependencies":{"ms":"^2"}}';
    expect(() => plan({ packageJson })).toThrow(UnbuildableSourceError);
    expect(() => plan({ packageJson })).toThrow(/npm install/);
  });

  test('pip into a venv that comes first on the PATH', () => {
    const made = plan({ requirements: 'six==1.16.0\n' });
    expect(made.steps[0]).toMatchObject({ output: '.venv', programs: [{ name: 'python3' }] });
    expect(made.paths[0]).toBe('.venv/bin');
    expect(made.env.VIRTUAL_ENV).toBe('/home/vcap/app/.venv');
  });

  test('requirements that name other files are not cached by the list alone', () => {
    expect(plan({ requirements: './wheels/a.whl\n' }).steps[0]?.cacheKey).toBeUndefined();
    expect(plan({ requirements: '-r more.txt\n' }).steps[0]?.cacheKey).toBeUndefined();
  });

  test('bin/build replaces both', () => {
    const made = plan({ packageJson: '{}', packageLock: '{}', requirements: 'six', binBuild: true });
    expect(made.steps.map((step) => step.command)).toEqual(['./bin/build']);
  });

  test('a package.json that is no JSON says so', () => {
    expect(() => plan({ packageJson: '{', packageLock: '{}' })).toThrow(/package.json is not valid JSON/);
  });
});

test('a plan made anew takes nothing from an earlier build, and leaves nothing', () => {
  const files = { ...none, requirements: 'flask\n' };
  const inputs = { interpreters: { python3: '3.11' } };
  expect(planBuild(files, inputs).steps[0]).toHaveProperty('cacheKey');
  expect(planAnew(files, inputs).steps).toEqual([
    { command: expect.stringContaining('pip install'), programs: [{ name: 'python3', package: 'python3' }] },
  ]);
});
