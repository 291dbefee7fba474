/** Writes `crds/*.yaml`, the CustomResourceDefinitions that a cluster installs, from the kinds. `npm run crds` */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { kfKinds } from '../src/resources/all-kinds.ts';
import { crdOf } from '../src/resources/crd.ts';

const header = '# Generated from src/resources by `npm run crds`; do not edit.\n';

/** File name and content of every definition. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(
    kfKinds.map((kind) => {
      const crd = crdOf(kind);
      return [`${crd.metadata.name}.yaml`, header + stringify(crd, { aliasDuplicateObjects: false, lineWidth: 120 })];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../crds/', import.meta.url));
  await mkdir(folder, { recursive: true });
  for (const [name, content] of crdFiles()) await writeFile(folder + name, content);
}
