import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CriDecoder } from '../../../src/node/logs/cri.ts';
import { criLog, type Write } from './cri-log.ts';

const decode = (log: Buffer, options = {}, cut = log.length): string => {
  const decoder = new CriDecoder(options);
  const parts: Buffer[] = [];
  for (let at = 0; at < log.length; at += cut) parts.push(decoder.push(log.subarray(at, at + cut)));
  parts.push(decoder.flush());
  return Buffer.concat(parts).toString('latin1');
};

describe('CriDecoder', () => {
  test.each<[string, readonly Write[], string]>([
    ['whole lines', [['stdout', 'a\nb\n']], 'a\nb\n'],
    ['no final newline', [['stdout', 'a\nb']], 'a\nb'],
    ['empty lines', [['stdout', '\n\n']], '\n\n'],
    [
      'a line in parts',
      [
        ['stdout', 'a'],
        ['stdout', 'b\n'],
      ],
      'ab\n',
    ],
    [
      'the other stream waits for the line to end',
      [
        ['stdout', 'a'],
        ['stderr', 'x\n'],
        ['stdout', 'b\n'],
      ],
      'ab\nx\n',
    ],
    [
      'and comes out when nothing follows',
      [
        ['stdout', 'a'],
        ['stderr', 'x\n'],
      ],
      'ax\n',
    ],
    ['bytes that are no text', [['stdout', '\x00\xff\x80\n']], '\x00\xff\x80\n'],
  ])('%s', (_, writes, expected) => {
    expect(decode(criLog(writes))).toBe(expected);
  });

  test('times stand at the beginning of lines, not of parts', () => {
    const log = criLog([
      ['stdout', 'a'],
      ['stdout', 'b\nc'],
    ]);
    expect(decode(log, { timestamps: true })).toMatch(/^2026-\S+Z?\S* ab\n2026-\S+ c$/);
  });

  test('one stream of two', () => {
    const log = criLog([
      ['stdout', 'a\n'],
      ['stderr', 'x\n'],
      ['stdout', 'b\n'],
    ]);
    expect(decode(log, { stream: 'stderr' })).toBe('x\n');
  });

  test('since a time', () => {
    const log = criLog([
      ['stdout', 'a\n'],
      ['stdout', 'b\n'],
      ['stdout', 'c\n'],
    ]);
    expect(decode(log, { sinceTime: '2026-01-01T00:00:01.500Z' })).toBe('c\n');
    expect(decode(log, { sinceTime: '2026-01-01T01:00:01+01:00' })).toBe('b\nc\n');
  });

  test('what is no entry is kept as it is', () => {
    expect(decode(Buffer.from('half an ent\n'))).toBe('half an ent\n');
  });

  test('every byte of each stream comes back, however the log is cut', () => {
    const writes = fc.array(
      fc.tuple(
        fc.constantFrom('stdout', 'stderr'),
        fc.string({ unit: fc.constantFrom('a', '\n', ' ', '\0'), minLength: 1 }),
      ),
    );
    fc.assert(
      fc.property(writes, fc.integer({ min: 1, max: 90 }), (list, cut) => {
        const log = criLog(list as Write[]);
        for (const stream of ['stdout', 'stderr'] as const) {
          const expected = list.map(([name, text]) => (name === stream ? text : '')).join('');
          expect(decode(log, { stream }, cut)).toBe(expected);
        }
        expect(decode(log, {}, cut).length).toBe(list.reduce((sum, [, text]) => sum + text.length, 0));
      }),
    );
  });
});
