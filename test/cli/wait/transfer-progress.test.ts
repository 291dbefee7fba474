import { expect, test } from 'vitest';
import { TransferProgress } from '../../../src/cli/wait/transfer-progress.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { Running } from '../support.ts';

async function* chunks(clock: FakeClock, milliseconds: readonly number[]): AsyncIterable<Buffer> {
  for (const time of milliseconds) {
    clock.advance(time);
    yield Buffer.alloc(1024 * 1024);
  }
}

function begin(errIsTerminal: boolean) {
  const clock = new FakeClock();
  const running = new Running();
  const shown: (string | undefined)[] = [];
  const io = { ...running.io, errIsTerminal, status: (line: string | undefined) => void shown.push(line) };
  return { clock, running, shown, progress: new TransferProgress({ io, clock }, 'Up:', 4 * 1024 * 1024) };
}

test('on a terminal: quiet for a second, then one line that changes, and goes', async () => {
  const { clock, running, shown, progress } = begin(true);
  for await (const _ of progress.count(chunks(clock, [500, 600, 10, 300]))) clock.advance(0);
  progress.stop();
  expect(shown).toEqual(['Up: 2Mi of 4Mi (50 %)', 'Up: 4Mi of 4Mi (100 %)', undefined]);
  expect(running.stderr).toBe('');
});

test('elsewhere: a line every 30 s, also when nothing moves', async () => {
  const { clock, running, progress } = begin(false);
  for await (const _ of progress.count(chunks(clock, [1000, 1000]))) clock.advance(0);
  clock.advance(60_000);
  progress.stop();
  clock.advance(60_000);
  expect(running.stderr).toBe('Up: 2Mi of 4Mi (50 %)\nUp: 2Mi of 4Mi (50 %)\n');
});
