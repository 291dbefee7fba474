/** `/version`. */

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

/** Google's kubectl chooses the client of this minor version: a pure number, whose protocol we speak. */
const kubernetesMinor = '32';

/** version.Info of Kubernetes; the version of kf stands in gitVersion. */
export function versionInfo(version: string): Readonly<Record<string, string>> {
  return {
    major: '1',
    minor: kubernetesMinor,
    gitVersion: `v1.${kubernetesMinor}.0+kf-${version}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `linux/${architectures[process.arch] ?? process.arch}`,
  };
}
