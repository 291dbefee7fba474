# Of the suite's small lifecycle: what the platform says in the environment, and paths of images as layouts.
set -eu
export PATH=/bin
case $CNB_PLATFORM_API in 0.12 | 0.13 | 0.14) ;; *) echo "platform API $CNB_PLATFORM_API is not known"; exit 11 ;; esac
[ "$CNB_USE_LAYOUT" = true ] || { echo "only layouts are supported"; exit 3; }
layout_of() { # REGISTRY/PATH[:TAG]
  case ${1##*/} in *:*) echo "$CNB_LAYOUT_DIR/${1%:*}/${1##*:}" ;; *) echo "$CNB_LAYOUT_DIR/$1/latest" ;; esac
}
blob() { echo "$1/blobs/sha256/${2#sha256:}"; }
