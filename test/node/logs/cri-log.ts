/** Writes a log as conmon does, for tests: entry n has the time of second n. */

export type Write = readonly [stream: 'stdout' | 'stderr', text: string];

export function criLog(writes: readonly Write[]): Buffer {
  const entries = writes.flatMap(([stream, text], second) =>
    text
      .split(/(?<=\n)/)
      .filter((part) => part !== '')
      .map((part) => {
        const time = `2026-01-01T00:${two(Math.floor(second / 60))}:${two(second % 60)}.000000000+00:00`;
        return part.endsWith('\n') ? `${time} ${stream} F ${part}` : `${time} ${stream} P ${part}\n`;
      }),
  );
  return Buffer.from(entries.join(''), 'latin1');
}

const two = (value: number): string => String(value).padStart(2, '0');
