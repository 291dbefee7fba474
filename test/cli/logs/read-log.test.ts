import { describe, expect, test } from 'vitest';
import { Context } from '../../../src/cli/context.ts';
import type { KfClient, LogOptions } from '../../../src/cli/kf-client.ts';
import type { LogSource } from '../../../src/cli/logs/log-source.ts';
import { LinePlace, readBytes, readLines, splitLines } from '../../../src/cli/logs/read-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { Running } from '../support.ts';

const broken = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
/** One opening: what it gives, and how it ends. */
interface Opening {
  readonly chunks: readonly string[];
  readonly breaks?: boolean;
}

function setUp(openings: readonly Opening[], isOver: readonly boolean[] = []) {
  const asked: LogOptions[] = [];
  const answers = [...isOver];
  const queue = [...openings];
  const io = new Running();
  const context = new Context(
    {
      io: io.io,
      env: {},
      cwd: '/',
      clock: eagerClock(),
      connect: async () => ({ close() {} }) as unknown as KfClient,
      contextName: async () => '',
    },
    { config: '/nonexistent' },
  );
  const source: LogSource = {
    async *open(_, options) {
      asked.push(options);
      const { chunks, breaks } = queue.shift() ?? { chunks: [], breaks: true };
      for (const chunk of chunks) yield Buffer.from(chunk);
      if (breaks) throw broken;
    },
    isOver: async () => answers.shift() ?? true,
  };
  return { context, source, asked, io };
}

/** Every timer fires at once, and the time moves on with it. */
function eagerClock() {
  const clock = new FakeClock();
  return {
    now: () => clock.now(),
    after: (milliseconds: number, fire: () => void) => {
      const timer = clock.after(milliseconds, fire);
      queueMicrotask(() => clock.advance(milliseconds));
      return timer;
    },
  };
}

async function text(chunks: AsyncIterable<Buffer>): Promise<string> {
  let all = '';
  for await (const chunk of chunks) all += chunk.toString();
  return all;
}

describe('a whole log', () => {
  test('goes on where a broken connection ended, with nothing lost and nothing twice', async () => {
    const { context, source } = setUp([
      { chunks: ['abc', 'def'], breaks: true },
      { chunks: ['a'], breaks: true },
      { chunks: ['abcd', 'efghi', 'jkl'] },
    ]);
    expect(await text(readBytes(context, source, { follow: true }))).toBe('abcdefghijkl');
  });

  test('an answer that ends although the Task has not is asked for again', async () => {
    const { context, source, asked } = setUp([{ chunks: ['ab'] }, { chunks: ['abc'] }], [false, true]);
    expect(await text(readBytes(context, source, { follow: true }))).toBe('abc');
    expect(asked.length).toBe(2);
  });

  test('a server that stays away ends it with one clear line', async () => {
    const { context, source, io } = setUp([{ chunks: ['ab'], breaks: true }]);
    await expect(text(readBytes(context, source, { follow: true }))).rejects.toThrow(
      'the server was out of reach for 10 s: socket hang up',
    );
    expect(io.stderr).toContain('The server is out of reach; trying again for 10 s...');
  });

  test('an error that is an answer is not tried again', async () => {
    const { context, asked } = setUp([]);
    const source: LogSource = {
      // biome-ignore lint/correctness/useYield: it fails before
      async *open(_, options) {
        asked.push(options);
        throw new Error('forbidden');
      },
      isOver: async () => true,
    };
    await expect(text(readBytes(context, source, { follow: true }))).rejects.toThrow('forbidden');
    expect(asked.length).toBe(1);
  });
});

describe('the last lines', () => {
  test('go on by time, lines of the same instant counted', async () => {
    const { context, source, asked } = setUp([
      { chunks: ['T1 a\nT2 b', '\nT2 c\n'], breaks: true },
      { chunks: ['T2 b\nT2 c\nT2 d\nT3 e\n'], breaks: true },
      { chunks: ['T3 e\nT3 f'] },
    ]);
    expect(await text(readLines(context, source, { follow: true, tail: 3, place: new LinePlace() }))).toBe(
      'a\nb\nc\nd\ne\nf',
    );
    expect(asked).toMatchObject([
      { tailLines: 3, timestamps: true },
      { sinceTime: 'T2', timestamps: true },
      { sinceTime: 'T3', timestamps: true },
    ]);
  });
});

test('lines, however the bytes are cut', async () => {
  async function* chunks() {
    for (const chunk of ['a', 'b\n', '\nc', 'd', 'e\nf']) yield Buffer.from(chunk);
  }
  const found: string[] = [];
  for await (const line of splitLines(chunks())) found.push(line.toString());
  expect(found).toEqual(['ab\n', '\n', 'cde\n', 'f']);
});
