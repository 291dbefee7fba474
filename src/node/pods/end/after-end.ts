/** What is left to do for a container that has ended: files written for those after it, files read for its message. */

import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ContainerOrder, ReturnedFile } from '../../../resources/core/start-order.ts';
import { errorMessage } from '../../../resources/errors.ts';
import { CriDecoder } from '../../logs/cri.ts';
import { createShown, readShown, type ShownFolder, TooLarge, writeShown } from '../../volumes/container-files.ts';
import { type Ended, isLost } from '../containers/container-run.ts';

/** Bytes that a container may say at its end, where the order names no limit. Tekton's. */
export const usualResultBytes = 4096;

export const hasEndWork = ({ returns, exitCodeFile, stdoutFile, stderrFile, timeoutFile }: ContainerOrder): boolean =>
  [returns, exitCodeFile, stdoutFile, stderrFile, timeoutFile].some((work) => work !== undefined);

const fileName = 'shown.json';

/** Keeps where the container's volumes are for its end, which another server may see. To be called before it is made. */
export function keepShown(bundle: string, shown: readonly ShownFolder[]): void {
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  writeFileSync(join(bundle, fileName), JSON.stringify(shown), { mode: 0o600 });
}

function keptShown(bundle: string): readonly ShownFolder[] {
  const path = join(bundle, fileName);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly ShownFolder[]) : [];
}

export interface EndWork {
  readonly order: ContainerOrder;
  readonly bundle: string;
  readonly logPath: string;
  /** Where the order says nothing. */
  readonly resultBytes: number;
}

/** May be done again after a crash. Never rejects: what cannot be done fails the container. */
export async function doEndWork({ order, bundle, logPath, resultBytes }: EndWork, exited: Ended): Promise<Ended> {
  let ended = exited;
  try {
    const shown = keptShown(bundle);
    if (order.timeoutFile !== undefined && readShown(shown, order.timeoutFile, 0, '') !== undefined)
      ended = { ...exited, reason: 'TimeoutExceeded' };
    const { stdoutFile, stderrFile } = order;
    const isOne = stdoutFile === stderrFile;
    if (stdoutFile !== undefined) await copyOutput(logPath, isOne ? undefined : 'stdout', shown, stdoutFile);
    if (stderrFile !== undefined && !isOne) await copyOutput(logPath, 'stderr', shown, stderrFile);
    if (order.exitCodeFile !== undefined) writeShown(shown, order.exitCodeFile, String(ended.exitCode));
    if (order.returns === undefined) return ended;
    const message = returned(order.returns, shown, order.resultBytes ?? resultBytes);
    // Why nobody knows how it ended is told nowhere else.
    return message === undefined || isLost(ended) ? ended : { ...ended, message };
  } catch (error) {
    const exitCode = ended.exitCode === 0 || error instanceof TooLarge ? 1 : ended.exitCode;
    const reason = ended.exitCode === 0 ? 'Error' : ended.reason;
    return { ...ended, exitCode, reason, message: ended.message ?? errorMessage(error) };
  }
}

/** The end of Tekton's sentence is the way out here. */
const wayOut = 'sudo kf configure-server set maxResultSize SIZE, up to 1Mi, and a restart allow more';

/** Undefined when none of the files is there. @throws TooLarge in Tekton's words */
function returned(files: readonly ReturnedFile[], shown: readonly ShownFolder[], most: number): string | undefined {
  const tooLarge = `Termination message is above max allowed size ${most}, caused by large task result: ${wayOut}`;
  const found = files.flatMap(({ file, key, type }) => {
    const value = readShown(shown, file, most, tooLarge);
    return value === undefined ? [] : [{ key, value: value.toString('utf8'), type }];
  });
  if (found.length === 0) return undefined;
  const message = JSON.stringify(found);
  if (Buffer.byteLength(message) > most) throw new TooLarge(tooLarge);
  return message;
}

/** One stream of the container's log, byte for byte; undefined: both. */
async function copyOutput(
  logPath: string,
  stream: 'stdout' | 'stderr' | undefined,
  shown: readonly ShownFolder[],
  path: string,
): Promise<void> {
  const decoder = new CriDecoder(stream === undefined ? {} : { stream });
  const decode = new Transform({
    transform: (chunk: Buffer, _, done) => done(null, decoder.push(chunk)),
    flush: (done) => done(null, decoder.flush()),
  });
  await pipeline(createReadStream(logPath), decode, createWriteStream('', { fd: createShown(shown, path) }));
}
