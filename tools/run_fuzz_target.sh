#!/usr/bin/env bash
# run_fuzz_target.sh BUILD TARGET SECONDS [libFuzzer options]: one fuzz target, from its seeds in fuzz/corpus/TARGET.
# New inputs go to BUILD/corpus/TARGET, a crashing one to BUILD/artifacts/: never into the repository.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 target=$2 seconds=$3
shift 3
program=$build/bin/$target
if [[ ! -x $program ]]; then
  echo "run_fuzz_target: $program has not been built: ./dev fuzz $target builds it" >&2
  exit 1
fi
found=$build/corpus/$target artifacts=$build/artifacts
mkdir -p "$found" "$artifacts"
folders=("$found")
if [[ -d $root/fuzz/corpus/$target ]]; then folders+=("$root/fuzz/corpus/$target"); fi
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
exec "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=70000 -print_final_stats=1 \
  -artifact_prefix="$artifacts/$target-" "$@" "${folders[@]}"
