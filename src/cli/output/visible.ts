/** Text of somebody else on a terminal. Pure. */

/**
 * Control characters in caret notation (`^[`), as kubectl shows them: a display name or a command must not move the
 * cursor, colour what follows or rename the window. Newlines and tabs stay.
 */
export const visible = (text: string): string =>
  text.replace(control, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x80 ? `^${String.fromCharCode(code ^ 0x40)}` : `\\x${code.toString(16)}`;
  });

const control = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
