/** Two lines for a user who may not use this machine's server: what is missing, and the command. */

import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';

export async function notAllowed(home: string): Promise<string> {
  const missing = `not allowed to use the server in ${home}: it is for root and the members of group kf`;
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const make = /^kf:/m.test(groups) ? '' : 'sudo groupadd --system kf && ';
  // Whether the server that runs has seen the group cannot be told from here.
  const tell = make === '' ? '' : ' && sudo kf server restart';
  return `${missing}\nTo become one: ${make}sudo usermod -aG kf ${userName()}${tell}, then log in again`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
