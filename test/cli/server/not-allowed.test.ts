import { expect, test } from 'vitest';
import { adviceFor } from '../../../src/cli/server/not-allowed.ts';

const anna = { home: '/var/lib/kf', user: 'anna', own: [1001] };

test.each([
  [
    'root:x:0:\n',
    /^not allowed .*group kf\nTo become one: sudo groupadd --system kf && sudo usermod -aG kf anna, then log/,
  ],
  ['kf:x:990:joanna\n', /^not allowed .*group kf\nTo become one: sudo usermod -aG kf anna, then log in again$/],
  ['kf:x:990:bob,anna\n', /when this shell was started\nTo become one here: log in again, or: newgrp kf$/],
  ['kf:x:1001:\n', /no token yet for anna, a member of group kf\nTo get one: sudo kf server restart$/],
])('two lines: what is missing, and the command; %j', (groups, lines) => {
  expect(adviceFor({ ...anna, groups })).toMatch(lines);
});

test('what is to be typed as root names a data directory of one’s own', () => {
  expect(adviceFor({ ...anna, home: '/srv/my kf', groups: 'kf:x:1001:\n' })).toContain(
    "sudo KF_HOME='/srv/my kf' kf server restart",
  );
});
