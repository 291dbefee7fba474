/** The manual: kf(1), a page for each command, kf-config(5). */

import { settingNames, settingOf } from '../../src/resources/server-config/settings.ts';
import { type CommandPage, commandPages, globalFlags } from './command-list.ts';
import { environmentVariables } from './environment-variables.ts';
import { bold, examples, literal, manPage, paragraphs, section, terms, text } from './roff.ts';

/** By path below `man`. */
export function manPages(version: string): ReadonlyMap<string, string> {
  const pages = commandPages();
  return new Map([
    ['man1/kf.1', overview(pages, version)],
    ...pages.map((page): [string, string] => [`man1/${manName(page)}.1`, commandPage(page, version)]),
    ['man5/kf-config.5', configPage(version)],
  ]);
}

const manName = ({ name }: Pick<CommandPage, 'name'>): string => name.replaceAll(' ', '-');

const exitStatus: readonly (readonly [string, string])[] = [
  ['0', 'Done; of a Task that is not waited for: accepted.'],
  ['1', 'Not done; the last lines on stderr say why.'],
  ["the task's own", 'With --wait or --follow; 128+n when signal n ended it.'],
  ['122', 'With --wait or --follow: the Task was lost, by a reboot or an eviction.'],
  ['123', 'With --wait or --follow: watching stopped; the Task goes on.'],
  ['124', 'With --wait or --follow: the Task timed out.'],
  ['125', 'With --wait or --follow: nothing was started.'],
  ['143', 'With --wait or --follow: a person terminated the Task.'],
];

function overview(pages: readonly CommandPage[], version: string): string {
  const groups = [...new Set(pages.map(({ group }) => group))];
  const listed = groups.map((group) => {
    const own = pages.filter((page) => page.group === group && page.name.split(' ').length === 2);
    return `.SS ${group}\n${terms(own.map((page) => [page.name.slice(3), page.summary]))}`;
  });
  return manPage('kf', 1, version, [
    section('NAME', 'kf \\- run one\\-off and scheduled tasks of apps in containers'),
    section('SYNOPSIS', `${bold('kf')} COMMAND [flags]`),
    section(
      'DESCRIPTION',
      paragraphs(
        'Runs tasks of Apps, in containers, on this machine. Every command has a page of its own, like kf-run-task(1), and help: kf COMMAND --help.\n\nCommands that need the server start it in the background, as root. Its settings are described in kf-config(5).',
      ),
    ),
    section('COMMANDS', ...listed),
    section('FLAGS OF EVERY COMMAND', terms(globalFlags.map(({ flags, description }) => [flags, description]))),
    section('EXIT STATUS', terms(exitStatus)),
    section(
      'ENVIRONMENT',
      terms(environmentVariables.map((one) => [one.name, `${one.description} Default: ${one.default}.`])),
    ),
    section(
      'FILES',
      terms([
        ['/var/lib/kf', 'The data of the server, or where KF_HOME says.'],
        ['~/.kf', 'What kf target has saved.'],
      ]),
    ),
    section('SEE ALSO', 'kf\\-config(5)'),
  ]);
}

function commandPage(page: CommandPage, version: string): string {
  const { name, usage, aliases, summary, details, flags, subcommands } = page;
  const also = aliases.length === 0 ? [] : [`.br\n${text(`Also called: ${aliases.join(', ')}.`)}`];
  const others = subcommands.map((one) => `${literal(`${manName(page)}-${one}`)}(1)`);
  return manPage(manName(page), 1, version, [
    section('NAME', `${literal(manName(page))} \\- ${text(summary)}`),
    section('SYNOPSIS', `${bold(name)} ${literal(usage)}`, ...also),
    section('DESCRIPTION', `${text(summary)}.`, ...(details === '' ? [] : [`.PP\n${paragraphs(details)}`])),
    flags.length === 0 ? '' : section('FLAGS', terms(flags.map((flag) => [flag.flags, flag.description]))),
    section('EXAMPLES', examples(page.examples)),
    section('SEE ALSO', [...others, 'kf(1)'].join(',\n')),
  ]);
}

const configPage = (version: string): string =>
  manPage('kf-config', 5, version, [
    section('NAME', 'kf\\-config \\- settings of the server of kf'),
    section(
      'DESCRIPTION',
      paragraphs(
        "The server reads config.yaml in its data directory, /var/lib/kf or $KF_HOME. There need not be one: every setting has a default. kf configure-server get, set and unset show and change it. An unknown setting or a bad value is refused with its line. A dot in a setting's name is a map in the file: paths in hostStack is hostStack.paths.",
      ),
    ),
    section(
      'SETTINGS',
      terms(
        settingNames.map((name) => {
          const { description, type, defaultText, inForce, env } = settingOf(name);
          const variable = env === undefined ? '' : ` The environment variable ${env} comes before it.`;
          return [name, `${description} It is ${type.name}; default: ${defaultText}. In force ${inForce}.${variable}`];
        }),
      ),
    ),
    section('SEE ALSO', 'kf(1),\nkf\\-configure\\-server(1)'),
  ]);
