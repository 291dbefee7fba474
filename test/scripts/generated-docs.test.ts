import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { environmentVariables } from '../../scripts/docs/environment-variables.ts';
import { generatedPages } from '../../scripts/generate-docs.ts';
import { settingNames, settingOf } from '../../src/resources/server-config/settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each([...generatedPages()])('%s is up to date: npm run docs', (path, content) =>
  expect(readFileSync(join(root, path), 'utf8')).toBe(content),
);

/** Of tests, benchmarks, systemd, and what every program has. */
const untold = ['KF_BOOT_ID', 'KF_FLUSH_DELAY_MS', 'NOTIFY_SOCKET', 'PATH', 'PWD', 'TERM'];

test('the reference names every environment variable that the code reads', () => {
  const read = new Set<string>();
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.ts'),
  ))
    for (const [, variable] of readFileSync(join(root, 'src', name), 'utf8').matchAll(
      /(?<!spec\.runtimeConfig\.|runtimeConfig\.)\benv\.([A-Z][A-Z0-9_]+)\b/g,
    ))
      read.add(variable!);
  const told = [
    ...environmentVariables.map(({ name }) => name),
    ...settingNames.flatMap((name) => settingOf(name).env ?? []),
  ];
  expect([...read].filter((name) => !told.includes(name)).sort()).toEqual(untold);
});
