/** The files that buildah and skopeo are configured by inside a build; nothing of the machine's own is used. Pure. */

/** Where they are inside. */
export const configFolder = '/bases';

/**
 * Where a build has put a `netavark` that does nothing: newer releases of buildah, as Debian 13 has, want one, whether or
 * not they make a network. Here they never do.
 */
export const helpersFolder = '/build/tmp/helpers';

/** By name. */
export const containersConfig: Readonly<Record<string, string>> = {
  'storage.conf': `[storage]
driver = "overlay"
graphroot = "/build/storage"
runroot = "/run/containers"
`,
  // What is built from is here already.
  'registries.conf': 'unqualified-search-registries = ["docker.io"]\n',
  // Images come from the server, which has looked at them.
  'policy.json': '{ "default": [{ "type": "insecureAcceptAnything" }] }\n',
  // What a RUN may do; root of the user namespace that it runs in has no more to give.
  'containers.conf': `[containers]
default_capabilities = [
  "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
  "SYS_CHROOT",
]
default_sysctls = []

[engine]
helper_binaries_dir = ["${helpersFolder}"]

[network]
network_backend = "netavark"
network_config_dir = "/build/tmp/networks"
`,
};

export const containersEnvironment: Readonly<Record<string, string>> = {
  CONTAINERS_STORAGE_CONF: `${configFolder}/storage.conf`,
  CONTAINERS_REGISTRIES_CONF: `${configFolder}/registries.conf`,
  CONTAINERS_CONF: `${configFolder}/containers.conf`,
  TMPDIR: '/build/tmp',
};
