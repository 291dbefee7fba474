// Everything that is missing, and the program: what `npm run demo` begins with, without the demo. For CI and provisioning.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSetup } from './setup.mjs';

await ensureSetup({ test: false });
console.log(`kf is ready: ${join(fileURLToPath(new URL('..', import.meta.url)), 'bin/kf')}`);
