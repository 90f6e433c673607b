#!/bin/sh
# Node 20.20.2 (the last of its line): a signal made by `AbortSignal.any([one, AbortSignal.timeout(ms)])` never aborts once the garbage
# collector has run, though the combined signal itself is kept and listened to: the time-out that only it refers to is let go. A limit
# of time made so holds on a machine that does little, and is gone on one under load. Node 24.21.0 and 26.10.0 keep it.
#
# Fifty signals are kept, garbage is collected once, and they are counted a second after their time. Seen:
#   v20.20.2: 0 of 50 aborted
#   v24.21.0: 50 of 50 aborted
# and with the time-out kept by hand beside the combined signal:
#   v20.20.2: 50 of 50 aborted
#
# Exits non-zero where that is no longer so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > try.mjs <<'JS'
const isKept = process.argv[2] === 'kept'
const own = new AbortController()
const kept = []
let aborted = 0
for (let i = 0; i < 50; i++) {
  const timeout = AbortSignal.timeout(300)
  const any = AbortSignal.any([own.signal, timeout])
  any.addEventListener('abort', () => aborted++)
  kept.push(any)
  if (isKept) kept.push(timeout)
}
setTimeout(() => globalThis.gc(), 50)
setTimeout(() => console.log(`${process.version}: ${aborted} of 50 aborted${kept.length > 0 ? '' : '!'}`), 1_300)
JS
run() {
  mkdir -p "$1"
  (cd "$1" && npm init -y > npm.log 2>&1 && npm install --silent --no-audit --no-fund "node@$1" > npm.log 2>&1)
  "$1/node_modules/node/bin/node" --expose-gc try.mjs "${2:-}"
}
seen="$(run 20.20.2)
$(run 24.21.0)
$(run 20.20.2 kept)"
echo "$seen"
[ "$seen" = "v20.20.2: 0 of 50 aborted
v24.21.0: 50 of 50 aborted
v20.20.2: 50 of 50 aborted" ]
