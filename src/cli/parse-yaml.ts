/** Reads a user's YAML. */

import { CliError, messageOf } from './errors.ts';

/** @param name of the file. @throws CliError with the line, and a mark below what is wrong in it */
export async function parseYaml(text: string, name: string): Promise<unknown> {
  const yaml = await import('yaml');
  try {
    // Cloud Foundry's manifests share settings by `<<: *anchor`.
    return yaml.parse(text, { merge: true });
  } catch (error) {
    throw new CliError(
      `${name}: ${messageOf(error)
        .replace(/\n\s*\n/g, '\n')
        .trimEnd()}`,
    );
  }
}
