/** What a container says at its end: a file of its own that it may write to, or the end of its log. */

import { chmodSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, Pod } from '../../../resources/core/pod.ts';
import { annotations } from '../../../resources/labels.ts';
import { CriDecoder } from '../../logs/cri.ts';
import type { OciMount } from '../../runtime/oci.ts';

/** Kubernetes' defaults and limits. */
const usualPath = '/dev/termination-log';
const mostBytes = 4096;
const mostLogBytes = 2048;
const mostLogLines = 80;
/** Bytes of the log's file that are read for it. */
const mostEncodedBytes = 2 * 65_536;

/** Whoever orders containers has other ways to hear of them: there only a path that is stated counts. */
function pathOf(pod: Pod, { terminationMessagePath: path = '' }: Container): string | undefined {
  if (path !== '') return path;
  return pod.metadata.annotations?.[annotations.startOrder] === undefined ? usualPath : undefined;
}

/** On the Pod's disk, so that writing without end meets a limit; nobody inside can exchange a file that is mounted. */
const fileOf = (diskDir: string, container: Container): string => join(diskDir, 'termination', container.name);

export function messageMount(pod: Pod, container: Container, diskDir: string): readonly OciMount[] {
  const destination = pathOf(pod, container);
  if (destination === undefined) return [];
  const source = fileOf(diskDir, container);
  mkdirSync(dirname(source), { recursive: true, mode: 0o755 });
  writeFileSync(source, '');
  chmodSync(source, 0o666);
  return [{ destination, type: 'bind', source, options: ['bind', 'nosuid', 'nodev', 'noexec'] }];
}

/** Undefined when it said nothing. */
export function terminationMessage(
  pod: Pod,
  container: Container,
  end: { readonly diskDir: string; readonly logPath: string; readonly exitCode: number },
): string | undefined {
  if (pathOf(pod, container) === undefined) return undefined;
  const said = head(fileOf(end.diskDir, container));
  if (said !== '') return said;
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || end.exitCode === 0) return undefined;
  return lastWords(end.logPath);
}

const head = (path: string): string => read(path, mostBytes, () => 0).toString('utf8');

/** Never more than is asked for, however large the file is. @param from where to begin, by the file's size */
function read(path: string, bytes: number, from: (size: number) => number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, from(fstatSync(fd).size)));
  } finally {
    closeSync(fd);
  }
}

function lastWords(logPath: string): string | undefined {
  const decoder = new CriDecoder();
  const end = read(logPath, mostEncodedBytes, (size) => Math.max(0, size - mostEncodedBytes));
  const text = Buffer.concat([decoder.push(end), decoder.flush()]);
  const lines = text.subarray(-mostLogBytes).toString('utf8').split('\n');
  const last = lines.slice(-mostLogLines - (lines.at(-1) === '' ? 1 : 0)).join('\n');
  return last === '' ? undefined : last;
}
