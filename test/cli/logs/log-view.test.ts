import { describe, expect, test } from 'vitest';
import { Context } from '../../../src/cli/context.ts';
import type { KfClient, LogOptions } from '../../../src/cli/kf-client.ts';
import { pattern, since, sinceTime } from '../../../src/cli/logs/log-flags.ts';
import type { LogSource } from '../../../src/cli/logs/log-source.ts';
import { type LogView, readView } from '../../../src/cli/logs/log-view.ts';
import { Heartbeat } from '../../../src/cli/wait/heartbeat.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { Running } from '../support.ts';

/** Every opening's text, with times; what is asked for is remembered. */
function setUp(...openings: readonly string[]) {
  const asked: LogOptions[] = [];
  const queue = [...openings];
  const context = new Context(
    {
      io: new Running().io,
      env: {},
      cwd: '/',
      clock: new FakeClock(),
      connect: async () => ({ close() {} }) as unknown as KfClient,
      contextName: async () => '',
    },
    { config: '/nonexistent' },
  );
  const source: LogSource = {
    async *open(_, options) {
      asked.push(options);
      const text = queue.shift() ?? '';
      yield Buffer.from(options.timestamps ? text : text.replaceAll(/^\S+ /gm, ''));
    },
    isOver: async () => true,
  };
  return { asked, show: (view: Partial<LogView>, follow = false) => read(context, source, view, follow) };
}

async function read(context: Context, source: LogSource, view: Partial<LogView>, follow: boolean): Promise<string> {
  let all = '';
  for await (const chunk of readView(context, source, { lines: 0, timestamps: false, ...view }, { follow }))
    all += chunk.toString();
  return all;
}

const log = 'T1 good\nT2 bad 1\nT3 good\nT4 bad 2\nT4 bad 3\nT5 good\n';

describe('--grep', () => {
  test('lines that match', async () => {
    expect(await setUp(log).show({ grep: /bad/ })).toBe('bad 1\nbad 2\nbad 3\n');
  });

  test('the time is no part of what is matched, the end of the line is', async () => {
    expect(await setUp(log).show({ grep: /^bad 2$/, timestamps: true })).toBe('T4 bad 2\n');
    expect(await setUp(log).show({ grep: /T/, timestamps: true })).toBe('');
  });

  test('-n counts matching lines, and following goes on after them', async () => {
    const { show, asked } = setUp(
      `${log}T6 bad unfi`,
      `${log.slice(log.indexOf('T5'))}T6 bad unfinished\nT7 good\nT8 bad`,
    );
    expect(await show({ grep: /bad/, lines: 2 }, true)).toBe('bad 2\nbad 3\nbad unfinished\nbad');
    expect(asked).toMatchObject([
      { follow: false, timestamps: true },
      { follow: true, sinceTime: 'T5' },
    ]);
  });

  test('-n without following', async () => {
    expect(await setUp(`${log}T6 bad end`).show({ grep: /bad/, lines: 2 })).toBe('bad 3\nbad end');
  });
});

test('--since and --timestamps are the server’s to do', async () => {
  const { show, asked } = setUp(log, log);
  expect(await show({ since: '2026-01-01T00:00:00Z', timestamps: true })).toBe(log);
  expect(await show({ since: '2026-01-01T00:00:00Z', timestamps: true, lines: 2 })).toBe(log);
  expect(asked).toMatchObject([
    { sinceTime: '2026-01-01T00:00:00Z', timestamps: true },
    { sinceTime: '2026-01-01T00:00:00Z', timestamps: true, tailLines: 2 },
  ]);
});

describe('values of flags', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  test.each([
    ['90s', '2026-03-01T11:58:30.000Z'],
    ['1h30m', '2026-03-01T10:30:00.000Z'],
    ['2026-02-28T23:00:00+02:00', '2026-02-28T21:00:00.000Z'],
    ['2026-02-28T23:00:00.123456Z', '2026-02-28T23:00:00.123Z'],
    ['2026-02-28 23:00', new Date(2026, 1, 28, 23).toISOString()],
    ['2026-02-28', new Date(2026, 1, 28).toISOString()],
  ])('--since %s', (text, time) => {
    expect(sinceTime(since(text), now)).toBe(time);
  });

  test.each(['yesterday', '', '0', '-5m', '5', '2026-02-30', '2026-02-28T25:00Z', '12:00'])(
    '--since %j is refused',
    (text) => {
      expect(() => since(text)).toThrow('It must be how long ago, like 90s, 15m or 2h, or a time');
    },
  );

  test('--grep', () => {
    expect(pattern('(?i)error').test('ERROR')).toBe(true);
    expect(pattern('error').test('ERROR')).toBe(false);
    expect(pattern('a\\-b').test('a-b')).toBe(true);
    expect(() => pattern('(')).toThrow('It must be a regular expression: /(/');
    expect(() => pattern('')).toThrow('It must not be empty.');
  });
});

describe('a sign of life', () => {
  const setUpLife = (terminal: boolean) => {
    const clock = new FakeClock();
    const running = new Running();
    const life = new Heartbeat({ io: { ...running.io, errIsTerminal: terminal }, clock }, 'following it');
    return { clock, running, life };
  };

  test('every 30 s of silence, on stderr', () => {
    const { clock, running, life } = setUpLife(false);
    clock.advance(20_000);
    life.heard();
    clock.advance(29_000);
    expect(running.stderr).toBe('');
    clock.advance(1000);
    expect(running.stderr).toBe('Still following it; nothing new for 30s.\n');
    clock.advance(30_000);
    expect(running.stderr).toContain('nothing new for 60s.');
    life.stop();
    clock.advance(90_000);
    expect(running.stderr.split('\n').length).toBe(3);
    expect(running.stdout).toBe('');
  });

  test('not to a person', () => {
    const { clock, running } = setUpLife(true);
    clock.advance(90_000);
    expect(running.stderr).toBe('');
  });
});
