import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('everything runs unless something is named, always in the same order', () => {
  expect(parseOptions([], { KF_VM_CACHE: '/cache' })).toEqual({
    runtimes: ['crun', 'runc'],
    suites: ['systemd', 'reboot', 'power-cut', 'e2e'],
    accelerator: undefined,
    keep: false,
    cache: '/cache',
    vitest: [],
  });
  const words = ['--only', 'e2e,systemd', '--runtime', 'runc', '--keep', '--', 'test/e2e/a.test.ts', '-t', 'kill'];
  expect(parseOptions(words, {})).toMatchObject({
    runtimes: ['runc'],
    suites: ['systemd', 'e2e'],
    keep: true,
    vitest: ['test/e2e/a.test.ts', '-t', 'kill'],
  });
});

test('what is not known is named, with what there is', () => {
  expect(() => parseOptions(['--only', 'boot'], {})).toThrow(
    '--only boot: choose from systemd, reboot, power-cut, e2e',
  );
  expect(() => parseOptions(['--accelerator', 'xen'], {})).toThrow('choose from kvm, tcg');
  expect(() => parseOptions(['--nothing'], {})).toThrow('--nothing');
});
