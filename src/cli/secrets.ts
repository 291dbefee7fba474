/** Which values are not shown unless asked for. Pure. */

import type { App } from '../resources/kf/app.ts';

const secretName = /pass|secret|token|credential|private|api_?key|access_?key|_key$|^key$|auth|dsn|cookie|salt/i;
/** `scheme://user:password@host` */
const withPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

export const hidden = '[hidden; --show prints it]';

export const isSecret = (name: string, value: string): boolean => secretName.test(name) || withPassword.test(value);

export const shown = (name: string, value: string, show: boolean): string =>
  !show && isSecret(name, value) ? hidden : value;

/** The App for programs to read, its secret values replaced. */
export function withoutSecrets(app: App): App {
  const containers = app.spec.template.spec.containers.map(({ env, ...rest }) => ({
    ...rest,
    ...(env === undefined
      ? {}
      : {
          env: env.map((variable) =>
            variable.value === undefined
              ? variable
              : { ...variable, value: shown(variable.name, variable.value, false) },
          ),
        }),
  }));
  const { template } = app.spec;
  return { ...app, spec: { ...app.spec, template: { ...template, spec: { ...template.spec, containers } } } };
}
