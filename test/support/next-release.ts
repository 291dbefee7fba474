/** A release that does not exist yet: these sources with another version, and one more step of the store's schema. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Release {
  readonly version: string;
  /** SQL that comes after all steps that there are. */
  readonly migration: string;
}

/** Builds it. @returns the path of its `kf` */
export function buildRelease(folder: string, { version, migration }: Release): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ['bin', 'scripts', 'src', 'tsconfig.json', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  change(join(folder, 'package.json'), /"version": "[^"]+"/, `"version": "${version}"`);
  change(
    join(folder, 'src/store/migrations.ts'),
    /(export const migrations: readonly Migration\[\] = \[)([^\]]*)\]/,
    (_: string, begin: string, steps: string) =>
      `${begin}${steps.trim()}${/[^,\s]\s*$/.test(steps) ? ',' : ''}${JSON.stringify(migration)}]`,
  );
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/build.mjs')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the next release does not build: ${stderr}`);
  return join(folder, 'bin/kf');
}

function change(path: string, pattern: RegExp, by: string | ((...match: string[]) => string)): void {
  const text = readFileSync(path, 'utf8');
  if (!pattern.test(text)) throw new Error(`${path} has no ${pattern}`);
  writeFileSync(path, text.replace(pattern, by as string));
}
