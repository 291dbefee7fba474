/** Who may use the server beside root: the members of a group of this machine. Pure. */

export interface Member {
  readonly name: string;
  readonly uid: number;
}

export interface Membership {
  /** Undefined when there is no such group. */
  readonly gid: number | undefined;
  readonly members: readonly Member[];
  /** In the group, but not in the file of the users: those that a directory service knows. */
  readonly unknown: readonly string[];
}

/** The group whose members may use the server. */
const memberGroup = 'kf';

/**
 * Those that the group lists, and those whose first group it is.
 * @param groupFile text of /etc/group; `passwd` that of /etc/passwd
 */
export function membersOf(groupFile: string, passwd: string, group = memberGroup): Membership {
  const [, , id = '', list = ''] = lineOf(groupFile, group);
  const gid = /^\d+$/.test(id) ? Number(id) : undefined;
  if (gid === undefined) return { gid, members: [], unknown: [] };
  const users = passwd.split('\n').map((line) => line.split(':'));
  const listed = new Set(list.split(',').filter((name) => name !== ''));
  const members = users
    .filter(([name = '', , , first]) => listed.has(name) || Number(first) === gid)
    .flatMap((fields) => memberOf(fields));
  const known = new Set(members.map(({ name }) => name));
  return { gid, members, unknown: [...listed].filter((name) => !known.has(name)) };
}

/** The users in lines like those of /etc/passwd. */
export const usersOf = (passwd: string): readonly Member[] =>
  passwd.split('\n').flatMap((line) => memberOf(line.split(':')));

/** Root needs none of this, and a name becomes that of a folder. */
function memberOf([name = '', , uid = '']: readonly string[]): readonly Member[] {
  const usable = /^\d+$/.test(uid) && Number(uid) > 0 && /^[^/\0\s][^/\0]*$/.test(name) && !/^\.{1,2}$/.test(name);
  return usable ? [{ name, uid: Number(uid) }] : [];
}

const lineOf = (text: string, name: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name) ?? [];
