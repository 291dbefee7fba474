/** `kf configure-server set-registry|unset-registry`: entries of the setting images.registries. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage } from '../../resources/errors.ts';
import { checkPrefix, type RegistrySettings } from '../../resources/image-settings.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { kfHome } from '../settings/kf-home.ts';
import { unreadable } from '../unreadable.ts';
import { readConfigFile, writeSetting } from './config-file.ts';

const setting = 'images.registries';

export interface RegistryFlags {
  readonly mirror?: readonly string[];
  readonly insecure?: boolean;
  readonly ca?: string;
}

export async function setRegistry(context: Context, given: string, flags: RegistryFlags): Promise<void> {
  const prefix = prefixOf(given, 'PREFIX');
  const mirrors = (flags.mirror ?? []).map((mirror) => prefixOf(mirror, '--mirror'));
  const ca = flags.ca === undefined ? undefined : certificates(resolve(context.cwd, flags.ca));
  const entry = {
    prefix,
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(flags.insecure ? { insecure: true } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
  const home = kfHome(context.env);
  const others = registriesIn(home).filter((one) => one.prefix !== prefix);
  await writeSetting(home, setting, [...others, entry]);
  await context.io.out(`${prefix}: ${inWords(entry)}\n`);
}

export async function unsetRegistry(context: Context, prefix: string): Promise<void> {
  const home = kfHome(context.env);
  const known = registriesIn(home);
  const left = known.filter((one) => one.prefix !== prefix);
  if (left.length === known.length)
    throw new CliError(
      `nothing is set for ${prefix}; there are: ${known.map((one) => one.prefix).join(', ') || '<none>'}`,
    );
  await writeSetting(home, setting, left.length === 0 ? undefined : left);
  await context.io.out(`${prefix}: as any other registry\n`);
}

/** The entries as they are written in the file. */
function registriesIn(home: string): readonly Partial<RegistrySettings>[] {
  return (readConfigFile(home).values.get(setting)?.written ?? []) as readonly Partial<RegistrySettings>[];
}

function prefixOf(text: string, what: string): string {
  try {
    return checkPrefix(text, what);
  } catch (error) {
    throw new CliError(errorMessage(error));
  }
}

/** @throws CliError unless the file has certificates */
function certificates(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`--ca: ${unreadable(path, error)}`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new CliError(`--ca: ${path} has no certificate (PEM)`);
  return path;
}

function inWords({ mirrors = [], insecure, ca }: Partial<RegistrySettings>): string {
  const words = [
    ...(mirrors.length === 0 ? [] : [`mirrors ${mirrors.join(', ')}`]),
    ...(insecure ? ['without TLS, or with any certificate'] : []),
    ...(ca === undefined ? [] : [`certificates of ${ca}`]),
  ];
  return words.join('; ') || 'as any other registry, with TLS also on this machine';
}
