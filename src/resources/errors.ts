/** What a caught value says. It is `unknown`: anything can be thrown. */

/** The message of an Error; the text of anything else. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of the system's and Node's own errors, like `ENOENT`; undefined where there is none. */
export function errorCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** For `catch`: undefined where the error has one of these codes; others are thrown again. */
export const ignoring =
  (...codes: readonly string[]) =>
  (error: unknown): undefined => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
  };
