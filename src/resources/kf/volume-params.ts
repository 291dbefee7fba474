/** The parameters of volumes and of their bindings. Pure. */

import { normalize } from 'node:path/posix';
import { fromCloudFoundrySize, parseQuantity } from '../quantity.ts';

type Params = Readonly<Record<string, unknown>>;

/** What a volume is: a directory of the host, or room that the server makes. */
export type VolumeParams = { readonly path: string } | { readonly capacity: string };

/** Below this a file system has no room for itself. */
const leastBytes = 16 * 2 ** 20;

/** @throws Error naming the field */
export function readVolumeParams(params: Params): VolumeParams {
  const { path, capacity, ...rest } = params;
  refuseUnknown(rest, 'path, capacity');
  if ((path === undefined) === (capacity === undefined))
    throw new Error(`expected exactly one of path and capacity, like {"path":"/srv/backups"} or {"capacity":"10Gi"}`);
  if (path !== undefined) return { path: absolutePath('path', path) };
  const quantity = typeof capacity === 'string' ? fromCloudFoundrySize(capacity) : String(capacity);
  const bytes = parseQuantity(quantity);
  if (bytes === undefined || !Number.isFinite(bytes) || bytes < leastBytes)
    throw new Error(`capacity: ${JSON.stringify(capacity)} must be a size of at least 16Mi, like 10Gi`);
  return { capacity: quantity };
}

export interface MountParams {
  readonly mount: string;
  readonly readOnly: boolean;
}

/** Where a volume would hide what a Task needs. */
const taken = [
  '/',
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/home/vcap',
  '/home/vcap/app',
  '/lib',
  '/lib64',
  '/proc',
];
const takenWithin = ['/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/proc', '/run', '/sbin', '/sys', '/usr'];

/** @throws Error naming the field */
export function readMountParams(params: Params): MountParams {
  const { mount, readonly: readOnly = false, ...rest } = params;
  refuseUnknown(rest, 'mount, readonly');
  if (mount === undefined) throw new Error(`mount is missing: where the volume appears, like {"mount":"/data"}`);
  const path = absolutePath('mount', mount);
  if (taken.includes(path) || takenWithin.some((folder) => path === folder || path.startsWith(`${folder}/`)))
    throw new Error(`mount: ${path} belongs to the system; choose another place, like /data`);
  if (/[:\n]/.test(path)) throw new Error(`mount: ${JSON.stringify(path)} must not contain ":"`);
  if (typeof readOnly !== 'boolean') throw new Error(`readonly: ${JSON.stringify(readOnly)} must be true or false`);
  return { mount: path, readOnly };
}

/** Whether one lies in the other, so that it would hide it, or both are the same. */
export const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

function absolutePath(field: string, value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/') || value.includes('\0') || value.length > 1000)
    throw new Error(`${field}: ${JSON.stringify(value)} must be an absolute path`);
  if (value.split('/').includes('..')) throw new Error(`${field}: ${JSON.stringify(value)} must not contain ".."`);
  const path = normalize(value);
  return path === '/' ? path : path.replace(/\/+$/, '');
}

function refuseUnknown(rest: Params, known: string): void {
  const [key] = Object.keys(rest);
  if (key !== undefined) throw new Error(`unknown parameter ${JSON.stringify(key)}; there are: ${known}`);
}
