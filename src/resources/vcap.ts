/** The user that everything on the host stack runs as, and that owns what is made for Tasks. */
export const vcapUser = { uid: 2000, gid: 2000 } as const;
