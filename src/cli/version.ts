/** The CLI's own version: the package's. */

import pkg from '../../package.json' with { type: 'json' };

export const clientVersion: string = pkg.version;
