import { expect, test } from 'vitest';
import { versionAdvice } from '../../../src/cli/server/version-advice.ts';

test.each([
  ['1.2.3', '1.2.3', undefined],
  ['1.2.3', '', undefined],
  ['1.2.3', '1.2.2', /^WARNING: this is kf 1\.2\.3, the server is still kf 1\.2\.2\. .*: sudo kf server restart\.$/],
  ['1.3.0', '1.2.9', /sudo kf server restart\.$/],
  [
    '1.2.9',
    '1.10.0',
    /the server is kf 1\.10\.0: install kf 1\.10\.0 here, too\. They may not understand each other\.$/,
  ],
  ['1.0.0', '1.0.0-beta', /still kf 1\.0\.0-beta.*restart\.$/],
  ['2.0.0', '1.9.0', /restart\. They may not understand each other\.$/],
  ['odd', '1.0.0', /install kf 1\.0\.0/],
] as const)('kf %s with a server %s', (client, server, advice) => {
  const said = versionAdvice(client, server, '/var/lib/kf');
  if (advice === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(advice);
});
