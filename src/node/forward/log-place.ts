/** Where in a log a new sink begins. */

import { parseHead } from '../logs/cri.ts';
import { logFiles } from '../logs/log-files.ts';
import { type OpenLog, openLog } from '../logs/open-log.ts';

/** Places of an owner's files at a moment, by path below its folder. @param since RFC 3339 */
export async function placesAt(folder: string, since: string): Promise<Readonly<Record<string, number>>> {
  const places: Record<string, number> = {};
  for (const { path } of await logFiles(folder, {})) {
    const file = await openLog(path).catch(() => undefined);
    if (file === undefined) continue;
    const place = await placeIn(file, Date.parse(since)).finally(() => file.close());
    if (place > 0) places[path.slice(folder.length + 1)] = place;
  }
  return places;
}

/** Bytes; longer than any entry that conmon writes. */
const window = 64 * 1024;
const newline = 0x0a;

/** The first entry that is not older, by bisection: times rise within a log. */
async function placeIn(file: OpenLog, since: number): Promise<number> {
  const { size, mtimeMs } = await file.stat();
  if (mtimeMs < since) return size;
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = await entryAfter(file, middle === 0 ? 0 : middle, size);
    if (entry === undefined || entry.time >= since) high = middle;
    else low = Math.max(entry.start, middle + 1);
  }
  return (await entryAfter(file, low, size))?.start ?? size;
}

/** The first entry that begins at or after `from`. */
async function entryAfter(
  file: OpenLog,
  from: number,
  size: number,
): Promise<{ readonly start: number; readonly time: number } | undefined> {
  // One byte earlier: a newline there says that an entry begins at `from`.
  const begin = Math.max(0, from - 1);
  const bytes = Buffer.alloc(Math.min(window, size - begin));
  await file.read(bytes, 0, bytes.length, begin);
  let at = from === 0 ? 0 : bytes.indexOf(newline) + 1;
  if (from > 0 && at === 0) return undefined;
  for (let end = bytes.indexOf(newline, at); end >= 0; end = bytes.indexOf(newline, at)) {
    if (parseHead(bytes, at, end) !== undefined) {
      const time = Date.parse(bytes.toString('latin1', at, bytes.indexOf(0x20, at)));
      return { start: begin + at, time };
    }
    at = end + 1;
  }
  return undefined;
}
