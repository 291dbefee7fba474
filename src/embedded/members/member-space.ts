/** The Space that a member works in: one of his own. */

import type { Client } from '../../client/client.ts';
import { Space } from '../../resources/kf/space.ts';
import { annotations } from '../../resources/labels.ts';
import type { Member } from './members.ts';

/**
 * Its name; made when the member is new. One that he has deleted since is not made again.
 * @param create whether it is made when there is none
 */
export async function spaceOf(client: Client, member: Member, create: boolean): Promise<string> {
  const { items } = await client.list(Space);
  const own = items.find((space) => space.metadata.annotations?.[annotations.spaceOf] === member.name);
  if (own !== undefined) return own.metadata.name;
  const taken = new Set(items.map((space) => space.metadata.name));
  const name = freeName(member, taken);
  if (create)
    await client.create(Space, {
      metadata: {
        name,
        annotations: { [annotations.spaceOf]: member.name, [annotations.createdBy]: member.name },
      },
      spec: {},
    });
  return name;
}

const reserved = new Set(['kf', 'default', 'kube-system', 'kube-public', 'dev']);

/** The user's name as a Space's; `user-` before it where it is no name of a Space, or another's. Pure. */
export function freeName({ name, uid }: Member, taken: ReadonlySet<string>): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  const candidates = [plain, `user-${plain}`, `user-${uid}`, `user-${plain}-${uid}`];
  const isFree = (one: string): boolean =>
    /^[a-z][a-z0-9-]*[a-z0-9]$/.test(one) && !reserved.has(one) && !taken.has(one);
  return candidates.find(isFree) ?? `user-${uid}-${Date.now().toString(36)}`;
}
