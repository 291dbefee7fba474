import { expect, test } from 'vitest';
import { nextRestart, type Restart } from '../../../../src/node/pods/containers/restart-backoff.ts';

const end = (finishedAt: number) => ({ exitCode: 1, reason: 'Error', startedAt: 0, finishedAt });

test('at once, then after ten seconds, then twice as long each time up to five minutes', () => {
  const delays: number[] = [];
  let restart: Restart | undefined;
  for (let count = 1; count <= 8; count++) {
    restart = nextRestart(restart, end((restart?.at ?? 0) + 1000));
    expect(restart).toMatchObject({ count, at: restart.last.finishedAt + restart.delay });
    delays.push(restart.delay / 1000);
  }
  expect(delays).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('one that ran for ten minutes begins anew; the same end is counted once', () => {
  const crashed = nextRestart(nextRestart(undefined, end(1000)), end(2000));
  expect(nextRestart(crashed, end(2000))).toBe(crashed);
  expect(nextRestart(crashed, end(crashed.at + 600_001))).toMatchObject({ count: 3, delay: 0 });
});
