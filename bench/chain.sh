#!/usr/bin/env bash
# The reference chain: what one container costs on this machine with none of our code. For a prepared bundle: mount the
# overlay, conmon + create, start, wait for the exit file, delete, unmount.
#
#   chain.sh FOLDER COUNT PARALLEL
#
# FOLDER holds config.json (with @ID@ for the container's name and @ROOTFS@ for its root), lower/ (a link to the lower
# folder), and env: RUNTIME, CONMON. Prints one line per container: milliseconds to the exit file, milliseconds until
# everything is released. Needs root.
set -euo pipefail
folder=$1 count=$2 parallel=$3
# shellcheck disable=SC1091
. "$folder/env"
exec 8>&2

now() { local t=${EPOCHREALTIME/./}; echo "$t"; }

one() {
  local id=$1 dir=$folder/run/$1 started exited ended monitor
  started=$(now)
  mount -t overlay overlay -o "lowerdir=$folder/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/rootfs"
  _OCI_SYNCPIPE=3 "$CONMON" --api-version 1 --sync --cid "$id" --cuuid "$id" --name "$id" --bundle "$dir" \
    --container-pidfile "$dir/pid" --log-path "k8s-file:$dir/log" --exit-dir "$folder/exits" --no-sync-log \
    --full-attach --runtime "$RUNTIME" --runtime-arg --root --runtime-arg "$folder/runtime" 3>"$dir/sync" >/dev/null 2>&8 &
  monitor=$!
  read -r _ <"$dir/sync"
  "$RUNTIME" --root "$folder/runtime" start "$id"
  # conmon writes the exit file and ends.
  wait "$monitor"
  exited=$(now)
  [ "$(cat "$folder/exits/$id")" = 0 ] || { echo "container $id failed: $(cat "$folder/exits/$id")" >&8; exit 1; }
  "$RUNTIME" --root "$folder/runtime" delete "$id"
  umount "$dir/rootfs"
  ended=$(now)
  echo "$(((exited - started) / 10))e-2 $(((ended - started) / 10))e-2"
}

# A bundle per container, made beforehand: the chain measures running, not preparing.
rm -rf "$folder/run" "$folder/exits" "$folder/runtime"
mkdir -p "$folder/exits" "$folder/runtime"
for i in $(seq "$count"); do
  dir=$folder/run/chain-$i
  mkdir -p "$dir"/{upper,work,rootfs}
  mkfifo "$dir/sync"
  sed "s#@ID@#chain-$i#g; s#@ROOTFS@#$dir/rootfs#g" "$folder/config.json" >"$dir/config.json"
done

worker() { for i in $(seq "$1" "$parallel" "$count"); do one "chain-$i"; done; }
began=$(now)
workers=()
for w in $(seq "$parallel"); do
  worker "$w" &
  workers+=($!)
done
for pid in "${workers[@]}"; do wait "$pid"; done
echo "total $((($(now) - began) / 1000))"
