#!/usr/bin/env bash
# The reference chain: what one container costs on this machine with none of our code. For a prepared bundle: mount the
# overlay, conmon + create, start, wait for the exit file, delete, unmount.
#
#   chain.sh FOLDER COUNT PARALLEL [chain|plain]
#
# FOLDER holds config.json (@ID@ stands for the container's name, @DIR@ for its folder, @NETNS@ for its network
# namespace), lower (folders as overlayfs takes them, one line), namespaces (one path per parallel container, made
# beforehand) and env: RUNTIME, CONMON. Prints one line per container: microseconds to the exit file, microseconds until
# everything is released; then `total` and the microseconds from the first to the last. `plain` runs the same bundles by
# `RUNTIME run` alone. Needs root.
set -euo pipefail
folder=$1 count=$2 parallel=$3 mode=${4:-chain}
# shellcheck disable=SC1091
. "$folder/env"
read -r lower <"$folder/lower"
mapfile -t namespaces <"$folder/namespaces"
exec 8>&2

# In microseconds; without a subshell, which would take a millisecond of its own.
microseconds() { printf -v "$1" %s "${EPOCHREALTIME/[.,]/}"; }

overlay() { mount -t overlay overlay -o "lowerdir=$lower,upperdir=$1/upper,workdir=$1/work" "$1/rootfs"; }

chain() {
  local id=$1 dir=$folder/run/$1 began exited ended monitor code
  microseconds began
  overlay "$dir"
  _OCI_SYNCPIPE=3 "$CONMON" --api-version 1 --sync --cid "$id" --cuuid "$id" --name "$id" --bundle "$dir" \
    --container-pidfile "$dir/pid" --log-path "k8s-file:$dir/log" --exit-dir "$folder/exits" --no-sync-log \
    --full-attach --runtime "$RUNTIME" --runtime-arg --root --runtime-arg "$folder/runtime" \
    3>"$dir/sync" >/dev/null 2>&8 &
  monitor=$!
  read -r _ <"$dir/sync"
  "$RUNTIME" --root "$folder/runtime" start "$id"
  # conmon writes the exit file and ends.
  wait "$monitor"
  microseconds exited
  "$RUNTIME" --root "$folder/runtime" delete "$id"
  umount "$dir/rootfs"
  microseconds ended
  read -r code <"$folder/exits/$id" || true
  [ "$code" = 0 ] || { echo "container $id ended with code $code" >&8; exit 1; }
  echo "$((exited - began)) $((ended - began))"
}

plain() {
  local id=$1 dir=$folder/run/$1 began exited
  overlay "$dir"
  microseconds began
  "$RUNTIME" --root "$folder/runtime" run --bundle "$dir" "$id" >/dev/null
  microseconds exited
  umount "$dir/rootfs"
  echo "$((exited - began)) $((exited - began))"
}

# What a failure or an interrupt leaves.
tidy() {
  for dir in "$folder"/run/*/; do
    mountpoint -q "$dir/rootfs" || continue
    "$RUNTIME" --root "$folder/runtime" delete --force "$(basename "$dir")" || true
    umount "$dir/rootfs"
  done
}
trap tidy EXIT
trap 'exit 130' INT TERM

# A bundle per container, made beforehand: the chain measures running, not preparing.
rm -rf "$folder/run" "$folder/exits" "$folder/runtime"
mkdir -p "$folder/run" "$folder/exits" "$folder/runtime"
for ((i = 0; i < count; i++)); do
  id=chain-$$-$i dir=$folder/run/chain-$$-$i
  mkdir -p "$dir"/{upper,work,rootfs,tmp,vartmp}
  mkfifo "$dir/sync"
  chmod 1777 "$dir/tmp" "$dir/vartmp"
  sed "s#@ID@#$id#g; s#@DIR@#$dir#g; s#@NETNS@#${namespaces[i % parallel]}#g" "$folder/config.json" >"$dir/config.json"
done

worker() { for ((i = $1; i < count; i += parallel)); do "$mode" "chain-$$-$i"; done; }
microseconds began
workers=()
for ((w = 0; w < parallel; w++)); do
  worker "$w" &
  workers+=($!)
done
for pid in "${workers[@]}"; do wait "$pid"; done
microseconds ended
echo "total $((ended - began))"
