import { lstat } from 'node:fs/promises';

/** Whether there is something at this very path: a link that leads nowhere counts. */
export const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
