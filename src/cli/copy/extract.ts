/**
 * Unpacks the tar of a copy. It comes from a Task, so nothing in it is trusted: no entry leaves the target, none is
 * written through a link, and there is an end to it.
 */

import { constants, copyFileSync, lstatSync, mkdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { extract as makeExtract } from 'tar-stream';
import { CliError } from '../errors.ts';

export interface ExtractOptions {
  /** Where what was asked for goes, under its new name. */
  readonly target: string;
  /** Bytes of content after which it is given up. */
  readonly limitBytes: number;
  /** One line about what is left out. */
  readonly onSkipped: (line: string) => void;
}

export interface Extracted {
  readonly files: number;
  readonly bytes: number;
}

interface Header {
  readonly name: string;
  readonly type?: string | null;
  readonly mode?: number;
  readonly linkname?: string | null;
}

/** Entries after which it is given up. */
const mostEntries = 1_000_000;

/** @throws CliError naming the entry */
export async function extractTar(chunks: AsyncIterable<Buffer>, options: ExtractOptions): Promise<Extracted> {
  const extract = makeExtract();
  const source = Readable.from(chunks);
  source.on('error', (error) => extract.destroy(error));
  source.pipe(extract);
  let files = 0;
  let bytes = 0;
  let entries = 0;
  for await (const entry of extract as AsyncIterable<Readable & { readonly header: Header }>) {
    const { header } = entry;
    if (++entries > mostEntries) throw new CliError(`the copy has more than ${mostEntries} entries: it is given up`);
    const path = placeOf(options.target, header.name);
    if (header.type === 'directory') {
      parentsOf(options.target, join(path, 'x'));
      entry.resume();
    } else if (header.type === 'symlink') {
      parentsOf(options.target, path);
      replace(path);
      symlinkSync(header.linkname ?? '', path);
      entry.resume();
    } else if (header.type === 'file' || header.type === 'contiguous-file') {
      parentsOf(options.target, path);
      bytes += await writeFile(path, entry, (header.mode ?? 0o644) & 0o777, options.limitBytes - bytes);
      files++;
    } else if (header.type === 'link') {
      parentsOf(options.target, path);
      copyLinked(placeOf(options.target, header.linkname ?? ''), path);
      entry.resume();
    } else {
      options.onSkipped(`${header.name} is no file, folder or link (${header.type}): left out`);
      entry.resume();
    }
  }
  return { files, bytes };
}

/** The first part of every entry is the name of what was asked for. */
function placeOf(target: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0'))
    throw new CliError(`the copy holds ${JSON.stringify(name)}, which would leave ${target}: nothing more is written`);
  const [first] = name.split('/');
  return join(target, ...(first === '.' ? parts : parts.slice(1)));
}

/** Makes the folders above `path`, from the target on; each must be a real folder. */
function parentsOf(target: string, path: string): void {
  const below = path === target ? [] : dirname(path).slice(target.length).split('/').filter(Boolean);
  let folder = target;
  for (const part of path === target ? [] : ['', ...below]) {
    folder = join(folder, part);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined) mkdirSync(folder);
    else if (!found.isDirectory()) throw new CliError(`${folder} is in the way: it is no folder`);
  }
}

/** What is there already gives way, but no folder does. */
function replace(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new CliError(`${path} is in the way: it is a folder`);
  if (found !== undefined) unlinkSync(path);
}

async function writeFile(path: string, content: AsyncIterable<Buffer>, mode: number, limit: number): Promise<number> {
  replace(path);
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  let bytes = 0;
  try {
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > limit) throw new CliError('the copy is larger than --limit allows; a larger one: --limit 100G');
      await file.writeFile(chunk);
    }
    await file.chmod(mode);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return bytes;
}

/** A second name of a file that came before. */
function copyLinked(from: string, to: string): void {
  const found = lstatSync(from, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new CliError(`the copy links to ${from}, which is no file of it`);
  replace(to);
  copyFileSync(from, to, constants.COPYFILE_EXCL);
}
