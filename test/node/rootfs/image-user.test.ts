import { expect, test } from 'vitest';
import { imageUser, withVcap } from '../../../src/node/rootfs/image-user.ts';

const databases = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\napp:x:100:101::/srv:/bin/false\n',
  group: 'root:x:0:\napp:x:101:\nstaff:x:50:app\n',
};

test.each([
  ['', 0, 0, 'root', '/root'],
  ['app:app', 100, 101, 'app', '/srv'],
  ['100:101', 100, 101, 'app', '/srv'],
  ['app:staff', 100, 50, 'app', '/srv'],
  ['1234', 1234, 0, '', '/'],
  ['1234:5', 1234, 5, '', '/'],
  ['vcap', 2000, 2000, 'vcap', '/home/vcap'],
])('user %j', (wanted, uid, gid, name, home) => {
  expect(imageUser(wanted, databases)).toEqual({ ids: { uid, gid }, name, home });
});

test('a user has the groups that he is a member of, unless one was named', () => {
  const group = `${databases.group}disk:x:6:root,app\nother:x:7:apple\n`;
  expect(imageUser('app', { ...databases, group }).ids).toEqual({ uid: 100, gid: 101, additionalGids: [50, 6] });
  expect(imageUser('app:staff', { ...databases, group }).ids).toEqual({ uid: 100, gid: 50 });
});

test('an image without any user database', () => {
  expect(imageUser('', {})).toEqual({ ids: { uid: 0, gid: 0 }, name: '', home: '/' });
});

test('whom the image does not know is named', () => {
  expect(() => imageUser('nobody', databases)).toThrow('no user "nobody"');
  expect(() => imageUser('app:none', databases)).toThrow('no group "none"');
});

test('vcap is added once', () => {
  const added = withVcap(databases);
  expect(added.passwd).toBe(`${databases.passwd}vcap:x:2000:2000:vcap:/home/vcap:/bin/sh\n`);
  expect(withVcap(added)).toEqual(added);
});
