/** Prints what the server of a data directory has on this machine. */

import { instanceOf, machineState } from '../../support/machine-state.ts';

console.log(JSON.stringify(machineState(instanceOf(process.argv[2] ?? ''))));
