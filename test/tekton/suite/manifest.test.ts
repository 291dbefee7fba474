import { describe, expect, test } from 'vitest';
import { recipeOf, wordsOf } from '../images/recipes.ts';
import { imagesOf, inNamespace, nameOf, obstacleOf, readManifest } from './manifest.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const taskRun = (spec: object) =>
  readManifest('a/run.yaml', JSON.stringify({ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', spec }));
const stepsOf = (...images: readonly string[]) => ({ taskSpec: { steps: images.map((image) => ({ image })) } });
const all = () => true;

test('a file that is no YAML is named', () => {
  expect(() => readManifest('a/b.yaml', 'a: [')).toThrow(/^a\/b\.yaml: /);
});

test('the namespace default is the file’s own', () => {
  const text = 'namespace: default\n---\n  namespace: default-other\n';
  expect(inNamespace(readManifest('x', text), 'own')).toBe('namespace: own\n---\n  namespace: own-other\n');
});

describe('images', () => {
  test('of steps, sidecars, templates, and of params', () => {
    const manifest = taskRun({
      params: [{ name: 'image', value: 'perl:5' }],
      taskSpec: {
        params: [{ name: 'image', default: 'ruby' }],
        stepTemplate: { image: 'node' },
        sidecars: [{ image: `busybox@${digest}` }],
        steps: [{ image: 'bash' }, { image: '$(params.image)' }, { image: 'bash' }],
      },
    });
    expect(imagesOf(manifest)).toEqual(['node', `busybox@${digest}`, 'bash', 'perl:5', 'ruby']);
  });

  test('names are without tag and digest', () => {
    expect([nameOf('ubuntu'), nameOf(`x.io/a/b:1@${digest}`)]).toEqual(['docker.io/library/ubuntu', 'x.io/a/b']);
  });

  test('stand-ins are told by all words of the last name', () => {
    expect(wordsOf('mirror.gcr.io/alpine')).toEqual(['alpine']);
    expect(wordsOf('x.io/a/alpine-git-nonroot')).toEqual(['alpine', 'git', 'nonroot']);
    expect(wordsOf(`x.io/nop-${'0123456789abcdef'.repeat(2)}`)).toEqual(['nop']);
    expect([wordsOf('x.io/git-clone'), wordsOf('x.io/constructor')]).toEqual([undefined, undefined]);
  });

  test('several words are one recipe', () => {
    const { packages, folders, config } = recipeOf(['alpine', 'git', 'nonroot']);
    expect(packages).toEqual(['busybox-static', 'git', 'openssh-client', 'openssh-server']);
    expect([config?.User, Object.keys(folders ?? {})]).toEqual(['1000', ['run/sshd', 'var/log', 'home/nonroot']]);
  });
});

describe('what cannot be run here', () => {
  const resolved = (resolver: string, params: readonly object[] = []) =>
    taskRun({ params: [{ name: 'repo', value: 'https://x.example/y' }], taskRef: { resolver, params } });
  const url = (value: string) => [{ name: 'url', value }];
  test.each([
    ['nothing in the way', taskRun(stepsOf('bash')), undefined],
    ['a cluster’s own', resolved('cluster'), undefined],
    ['git of this machine', resolved('git', url('http://127.0.0.1:3000/y.git')), undefined],
    ['git elsewhere', resolved('git', url('https://x.example/y')), 'resolver git of https://x.example/y'],
    ['git elsewhere by ssh', resolved('git', url('git@x.example:y')), 'resolver git of git@x.example:y'],
    ['a URL by a param', resolved('http', url('$(params.repo)')), 'resolver http of https://x.example/y'],
    ['a hub', resolved('hub'), 'resolver hub'],
    ['a URL that is only printed', taskRun({ params: url('https://x.example'), ...stepsOf('bash') }), undefined],
    ['Windows', taskRun({ podTemplate: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), 'needs Windows'],
    ['a script for Windows', taskRun({ taskSpec: { steps: [{ script: '#!win\nx' }] } }), 'needs Windows'],
    ['a driver', taskRun({ workspaces: [{ csi: { driver: 'd.example' } }] }), 'needs the CSI driver d.example'],
    ['gitRepo', taskRun({ taskSpec: { volumes: [{ gitRepo: {} }] } }), 'gitRepo'],
  ])('%s', (_name, manifest, reason) => {
    const obstacle = obstacleOf(manifest, all);
    if (reason === undefined) expect(obstacle).toBeUndefined();
    else expect(obstacle).toContain(reason);
  });

  test('an image without a stand-in; a bundle; a folder that Tekton leaves out', () => {
    const none = () => false;
    expect(obstacleOf(taskRun(stepsOf('x.io/tool')), none)).toContain('image x.io/tool, which has no stand-in');
    const bundle = taskRun({ taskRef: { resolver: 'bundles', params: [{ name: 'bundle', value: 'x.io/b:1' }] } });
    expect(obstacleOf(bundle, none)).toBe('needs the network: bundle x.io/b:1');
    expect(obstacleOf({ ...taskRun(stepsOf('bash')), path: 'a/no-ci/b.yaml' }, all)).toContain('no-ci');
  });
});
