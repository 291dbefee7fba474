/** Who made an object of ours and who changed it last: facts that only the server, and its controllers, may state. Pure. */

import { annotations } from '../resources/labels.ts';
import type { KubeObject, ObjectMeta } from '../resources/meta.ts';

/** What runs in the server: it says on whose behalf it acts. */
const isOwn = (user: string): boolean => user.startsWith('system:kf');

type Author = 'createdBy' | 'changedBy';

const withAuthor = (metadata: ObjectMeta, author: Author, user: string | undefined): ObjectMeta => {
  const { [annotations[author]]: _given, ...rest } = metadata.annotations ?? {};
  const all = user === undefined ? rest : { ...rest, [annotations[author]]: user };
  if (Object.keys(all).length > 0) return { ...metadata, annotations: all };
  const { annotations: _none, ...bare } = metadata;
  return bare;
};

/** @param kind only kf.dev's are marked */
export function authored(kind: { readonly group: string }, metadata: ObjectMeta, user: string): ObjectMeta {
  if (kind.group !== 'kf.dev') return metadata;
  const given = metadata.annotations?.[annotations.createdBy];
  return withAuthor(
    withAuthor(metadata, 'createdBy', isOwn(user) ? (given ?? user) : user),
    'changedBy',
    isOwn(user) ? metadata.annotations?.[annotations.changedBy] : undefined,
  );
}

/** @param changed whether more than metadata and status is another than what is stored */
export function reauthored<T extends KubeObject>(
  kind: { readonly group: string },
  object: T,
  stored: KubeObject,
  user: string,
  changed: boolean,
): T {
  if (kind.group !== 'kf.dev') return object;
  const before = stored.metadata.annotations ?? {};
  const given = isOwn(user) ? object.metadata.annotations?.[annotations.changedBy] : undefined;
  const changedBy = changed && !isOwn(user) ? user : (given ?? before[annotations.changedBy]);
  const made = withAuthor(object.metadata, 'createdBy', before[annotations.createdBy]);
  return { ...object, metadata: withAuthor(made, 'changedBy', changedBy) };
}
