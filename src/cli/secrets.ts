/** Which values are not shown unless asked for. Pure. */

const secretName = /pass|secret|token|credential|private|api_?key|access_?key|_key$|^key$|auth|dsn|cookie|salt/i;
/** `scheme://user:password@host` */
const withPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

export const hidden = '[hidden; --show prints it]';

export const isSecret = (name: string, value: string): boolean => secretName.test(name) || withPassword.test(value);

export const shown = (name: string, value: string, show: boolean): string =>
  !show && isSecret(name, value) ? hidden : value;
