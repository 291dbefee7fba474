/** Orders names and RFC 3339 times, which are ASCII. Unlike localeCompare it loads no tables of languages (20 ms). */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
