/** `kf configure-server get|set|unset`: the settings of config.yaml. */

import { errorMessage } from '../../resources/errors.ts';
import { isSettingName, type SettingName, settingNames, settingOf } from '../../resources/server-config/settings.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatValue } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { asRoot } from '../server/as-root.ts';
import { findServer } from '../server/server-file.ts';
import { kfHome } from '../settings/kf-home.ts';
import { type ConfigFile, readConfigFile, writeSetting } from './config-file.ts';

export async function printSettings(
  context: Context,
  given: string | undefined,
  format: 'json' | 'yaml' | undefined,
): Promise<void> {
  const file = readConfigFile(kfHome(context.env));
  const names = given === undefined ? settingNames : [knownName(given)];
  if (format !== undefined) {
    const described = names.map((name) => describe(file, name));
    await context.io.out(await formatValue(format, given === undefined ? described : described[0]));
  } else if (given === undefined) {
    const rows = names.map((name) => [name, shown(file, name), file.values.has(name) ? 'config.yaml' : 'default']);
    await context.io.out(formatTable(['Setting', 'Value', 'From'], rows));
  } else await context.io.out(`${shown(file, names[0]!)}\n`);
  for (const name of names) {
    const { env } = settingOf(name);
    if (env !== undefined && context.env[env])
      context.io.note(`${env}=${context.env[env]} comes before ${name} for a server that is started from here.`);
  }
}

export async function setSetting(context: Context, given: string, words: readonly string[]): Promise<void> {
  const name = knownName(given);
  const { type, command } = settingOf(name);
  if (command !== undefined) throw new CliError(`${name} is changed by: ${command}`);
  if (type.fromWords === undefined && words.length !== 1)
    throw new CliError(`${name} ${words.length === 0 ? 'needs a value' : 'takes one value'}: ${type.name}`);
  let value: unknown;
  try {
    value = type.fromWords === undefined ? numberOr(words[0]!) : type.fromWords(words);
    type.read(value);
  } catch (error) {
    throw new CliError(`${name} ${errorMessage(error)}, not ${JSON.stringify(words.join(' '))}`);
  }
  const home = kfHome(context.env);
  await writeSetting(home, name, value);
  await context.io.out(`${name}: ${shown(readConfigFile(home), name)}\n`);
  await noteWhenInForce(context, name);
}

export async function unsetSetting(context: Context, given: string): Promise<void> {
  const name = knownName(given);
  const home = kfHome(context.env);
  if (!readConfigFile(home).values.has(name)) {
    await context.io.out(`${name} is not set; the default holds: ${settingOf(name).defaultText}\n`);
    return;
  }
  await writeSetting(home, name, undefined);
  await context.io.out(`${name}: ${settingOf(name).defaultText} (default)\n`);
  await noteWhenInForce(context, name);
}

function knownName(name: string): SettingName {
  if (isSettingName(name)) return name;
  const alike = settingNames.find((one) => one.toLowerCase() === name.toLowerCase() || one.endsWith(`.${name}`));
  throw new CliError(
    `unknown setting ${JSON.stringify(name)}${alike === undefined ? '' : `; did you mean ${alike}?`}`,
    {
      tips: [{ description: 'See all settings', command: 'kf configure-server get' }],
    },
  );
}

/** A number stays one in the file. */
const numberOr = (word: string): string | number => (/^(0|[1-9]\d{0,14})$/.test(word) ? Number(word) : word);

function describe(file: ConfigFile, name: SettingName) {
  const { type, defaultText, description, env, inForce } = settingOf(name);
  return {
    name,
    ...(file.values.has(name) ? { value: written(file, name) } : {}),
    default: defaultText,
    type: type.name,
    inForce,
    ...(env === undefined ? {} : { env }),
    description,
  };
}

function shown(file: ConfigFile, name: SettingName): string {
  if (!file.values.has(name)) return settingOf(name).defaultText;
  const value = written(file, name);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The value as it stands in the file, not as it was read. */
const written = (file: ConfigFile, name: SettingName): unknown => file.values.get(name)?.written;

async function noteWhenInForce({ env, io }: Context, name: SettingName): Promise<void> {
  if (settingOf(name).inForce === 'at once') return;
  const running = await findServer(kfHome(env)).catch(() => undefined);
  if (running !== undefined)
    io.note(`In force once the server has been restarted: ${asRoot('server restart', kfHome(env))}`);
}
