/** How many times longer than usual anything may take: a virtual machine is slow. For time-outs that a test names itself. */
export const slowness = Number(process.env.KF_TEST_PATIENCE) || 1;
