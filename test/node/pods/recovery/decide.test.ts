import { expect, test } from 'vitest';
import { decide, type Facts } from '../../../../src/node/pods/recovery/decide.ts';

const facts = (changes: Partial<Facts>): Facts => ({
  stage: 'starting',
  status: undefined,
  exited: false,
  monitorAlive: false,
  unchecked: false,
  ...changes,
});

test.each<[string, Partial<Facts>, string]>([
  ['nothing was made yet', { stage: 'creating' }, 'anew'],
  ['the monitor is still at it', { stage: 'creating', monitorAlive: true }, 'anew'],
  ['made, and nobody watches', { stage: 'creating', status: 'created' }, 'anew'],
  ['made and watched', { stage: 'creating', status: 'created', monitorAlive: true }, 'start'],
  [
    'made, and nobody has looked where its folders lie',
    { stage: 'creating', status: 'created', monitorAlive: true, unchecked: true },
    'anew',
  ],
  ['being removed so that it can be made again', { stage: 'creating', status: 'stopped', exited: true }, 'anew'],
  ['about to start', { status: 'created', monitorAlive: true }, 'start'],
  ['runs', { status: 'running', monitorAlive: true }, 'adopt'],
  ['just ended, its exit code follows', { status: 'stopped', monitorAlive: true }, 'adopt'],
  ['the runtime forgot it, the monitor did not', { monitorAlive: true }, 'adopt'],
  ['ended', { status: 'stopped', exited: true }, 'ended'],
  ['ended and remembered', { stage: 'ended' }, 'ended'],
  ['runs, and nobody watches', { status: 'running' }, 'unknown'],
  ['made, perhaps started, and nobody watches', { status: 'created' }, 'unknown'],
  ['nothing is left', {}, 'unknown'],
])('%s', (_, changes, decision) => {
  expect(decide(facts(changes)).decision).toBe(decision);
});

test('a container that may have begun is never made again', () => {
  for (const status of [undefined, 'created', 'running', 'stopped'] as const)
    for (const exited of [true, false])
      for (const monitorAlive of [true, false])
        expect(decide({ stage: 'starting', status, exited, monitorAlive, unchecked: true }).decision).not.toBe('anew');
});
