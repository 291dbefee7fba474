/** Text of somebody else on a terminal. Pure. */

/**
 * Control characters in caret notation (`^[`), as kubectl shows them: a display name or a command must not move the
 * cursor, colour what follows, rename the window or turn the direction of writing. Newlines and tabs stay.
 */
export const visible = (text: string): string =>
  text.replace(control, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x80) return `^${String.fromCharCode(code ^ 0x40)}`;
    return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16)}`;
  });

const control = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
