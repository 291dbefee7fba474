/** Reads a user's YAML. */

import type { Scalar } from 'yaml';
import { errorMessage } from '../resources/errors.ts';
import { CliError } from './errors.ts';

/** @param name of the file. @throws CliError with the line, and a mark below what is wrong in it */
export async function parseYaml(text: string, name: string): Promise<unknown> {
  const yaml = await import('yaml');
  try {
    // Cloud Foundry's manifests share settings by `<<: *anchor`.
    const document = yaml.parseDocument(text, { merge: true });
    for (const error of document.errors) throw error;
    yaml.visit(document, {
      Scalar: (_, node) => {
        if (isTooLong(node)) node.value = node.source;
      },
    });
    return document.toJS();
  } catch (error) {
    throw new CliError(
      `${name}: ${errorMessage(error)
        .replace(/\n\s*\n/g, '\n')
        .trimEnd()}`,
    );
  }
}

/** Whether a number has more digits than a number can hold: an ID, which stays as it was typed. */
const isTooLong = ({ value, source = '' }: Scalar): boolean =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(source);
