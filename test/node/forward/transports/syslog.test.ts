import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SyslogUdpTransport } from '../../../../src/node/forward/transports/syslog.ts';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

test('a name that nobody knows costs no socket, however often it is tried', async () => {
  const attempt = async (): Promise<void> => {
    const transport = new SyslogUdpTransport({ host: 'no such name', port: 514 });
    await expect(transport.probe()).rejects.toThrow(/no such name/);
    transport.close();
  };
  await attempt();
  const before = descriptors();
  for (let times = 0; times < 10; times++) await attempt();
  expect(descriptors()).toBe(before);
});
