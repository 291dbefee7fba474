/** `kf server df|prune`. */

import type { DiskUse } from '../../../client/disk.ts';
import { formatBytes } from '../../../resources/quantity.ts';
import type { Context } from '../../context.ts';
import { formatValue } from '../../output/objects.ts';
import { formatTable } from '../../output/table.ts';
import { kfHome } from '../../settings/kf-home.ts';
import { takingTime } from '../../wait/taking-time.ts';
import { asRoot } from '../as-root.ts';

const meanings: Readonly<Record<string, string>> = {
  store: 'all resources',
  logs: 'of tasks and builds',
  images: 'with their layers',
  'image storage': 'images of registries, archives and Dockerfiles',
  sources: 'uploaded by kf push',
  volumes: 'that the server made',
  disks: 'of tasks, and ready for the next ones',
  builds: 'under way, and layers kept for the next',
  aside: 'by restore and upgrades: kf server prune --all',
  other: '',
};

export async function dfAction(context: Context, output?: 'json' | 'yaml'): Promise<void> {
  const { io } = context;
  const report = await takingTime(context, 'Measuring', (await context.forEmbedded().client()).disk());
  if (output !== undefined) return io.out(await formatValue(output, report));
  const total = report.uses.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = report.uses.filter(({ bytes, count }) => bytes > 0 || (count ?? 0) > 0).map(row);
  await io.out(
    formatTable(['What', 'Count', 'Size', 'Unused', ''], [...rows, ['total', '', formatBytes(total), '', '']]),
  );
  io.note(
    `Share of the disk: ${formatBytes(report.shareBytes)}, of which ${formatBytes(report.keptBytes)} are taken; volumes, disks and what was put aside do not count. To change it: ${asRoot('configure-server set diskShare SIZE', kfHome(context.env))}`,
  );
  io.note(`${report.dataDir}: ${formatBytes(report.freeBytes)} of ${formatBytes(report.totalBytes)} are free.`);
}

const row = ({ name, count, bytes, unusedBytes }: DiskUse): readonly string[] => [
  name,
  count === undefined ? '' : String(count),
  formatBytes(bytes),
  unusedBytes === 0 ? '' : formatBytes(unusedBytes),
  meanings[name] ?? '',
];

export async function pruneAction(
  context: Context,
  { all = false, output }: { readonly all?: boolean; readonly output?: 'json' | 'yaml' },
): Promise<void> {
  const { io } = context;
  const report = await takingTime(
    context,
    'Removing',
    (await context.forEmbedded().client()).pruneDisk({ aside: all }),
  );
  if (output !== undefined) return io.out(await formatValue(output, report));
  for (const { name, count, bytes } of report.removed) io.note(`Removed ${count} of ${name}: ${formatBytes(bytes)}`);
  await io.out(`Freed ${formatBytes(report.freedBytes)}.\n`);
}
