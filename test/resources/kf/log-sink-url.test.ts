import { expect, test } from 'vitest';
import { parseLogSinkUrl } from '../../../src/resources/kf/log-sink-url.ts';

test('a file lies where a directory of the host may be', () => {
  expect(parseLogSinkUrl('file:///srv/logs/kf.jsonl')).toEqual({ protocol: 'file', path: '/srv/logs/kf.jsonl' });
  for (const url of ['file:///etc/x', 'file:///srv/%2e%2e/etc/x', 'file:///x'])
    expect(() => parseLogSinkUrl(url)).toThrow(/must lie elsewhere: .*(belongs to the system|whole machine)/);
});
