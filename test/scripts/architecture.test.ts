/** The pages for those who work on the code name only files that are there. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = ['src', 'test', 'scripts'].flatMap((folder) =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map((path) => `/${folder}/${path}`),
);

/** Files of the code that a page names, by their whole path or its end. */
const named = (page: string): readonly string[] => [
  ...new Set(
    [...readFileSync(`${root}${page}`, 'utf8').matchAll(/`([\w./-]+\.(?:ts|mjs))`/g)].map(([, path]) => path!),
  ),
];

describe.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', ...files.filter((file) => /^\/src\/\w+\/README.md$/.test(file))])(
  '%s',
  (page) => {
    test.each(named(page))('%s is there', (path) => {
      expect(files.filter((file) => file.endsWith(`/${path}`))).not.toEqual([]);
    });
  },
);
