/** Which directories of the host can be volumes at all, whoever allows them. Pure. */

/** Directories that never are, nor anything in them. */
const system = ['/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/proc', '/run', '/sbin', '/sys', '/usr'];

/** Whether `path` is `folder` or lies in it; both absolute and without `..`. */
export const isWithin = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

/**
 * Why a directory can never be a volume; undefined when it can.
 * @param own the server's own folders
 */
export function neverAllowed(path: string, own: readonly string[]): string | undefined {
  if (!path.startsWith('/') || path.split('/').includes('..')) return `${path} is no absolute path`;
  if (path === '/') return '/ is the whole machine';
  const folder = system.find((one) => isWithin(path, one));
  if (folder !== undefined)
    return path === folder ? `${path} belongs to the system` : `${path} lies in ${folder}, which belongs to the system`;
  if (own.some((one) => isWithin(path, one) || isWithin(one, path)))
    return `${path} would lead to the server's own data`;
  return undefined;
}
