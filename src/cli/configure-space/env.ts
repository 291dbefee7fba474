/** The environment that a Space gives to its Tasks and Builds. */

import type { EnvVar } from '../../resources/core/pod.ts';
import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import type { CommandFile } from '../command.ts';
import { variableName } from '../flags.ts';
import { shown } from '../secrets.ts';
import { accessor, setting } from './setting.ts';

type Place = 'runtimeConfig' | 'buildConfig';

const withEnv = (spec: SpaceSpec, place: Place, change: (env: readonly EnvVar[]) => readonly EnvVar[]): SpaceSpec => ({
  ...spec,
  [place]: { ...spec[place], env: change(spec[place]?.env ?? []) },
});

const without = (env: readonly EnvVar[], name: string): readonly EnvVar[] => env.filter((one) => one.name !== name);

const byName = (a: EnvVar, b: EnvVar): number => (a.name < b.name ? -1 : 1);

interface Words {
  readonly infix: string;
  readonly place: Place;
  readonly whose: string;
  readonly getter: string;
}

function envCommands({ infix, place, whose, getter }: Words): readonly CommandFile[] {
  return [
    setting({
      name: `set${infix}-env`,
      values: ['NAME', 'VALUE'],
      summary: `Set an environment variable of all ${whose} of a Space`,
      examples: [`kf configure-space set${infix}-env REGION eu`, `kf configure-space set${infix}-env dev REGION eu`],
      change: (spec, [name, value]) =>
        withEnv(spec, place, (env) =>
          [...without(env, variableName(name!)), { name: name!, value: value! }].sort(byName),
        ),
    }),
    setting({
      name: `unset${infix}-env`,
      values: ['NAME'],
      summary: `Remove an environment variable of all ${whose} of a Space`,
      examples: [`kf configure-space unset${infix}-env REGION`],
      change: (spec, [name]) => withEnv(spec, place, (env) => without(env, variableName(name!))),
    }),
    accessor<{ readonly show?: boolean }>({
      name: getter,
      summary: `Show the environment of all ${whose} of a Space`,
      examples: [`kf configure-space ${getter}`, `kf configure-space ${getter} dev -o json`],
      flags: (command) => command.option('--show', 'print values that may be secret, too'),
      read: (space, { show = false }) =>
        (space.spec?.[place]?.env ?? []).map((one) =>
          one.value === undefined ? one : { ...one, value: shown(one.name, one.value, show) },
        ),
    }),
  ];
}

export const environment: readonly CommandFile[] = [
  ...envCommands({ infix: '', place: 'runtimeConfig', whose: 'Tasks', getter: 'get-execution-env' }),
  ...envCommands({ infix: '-buildpack', place: 'buildConfig', whose: 'Builds', getter: 'get-buildpack-env' }),
];
