#!/usr/bin/env bash
# check_hardening.sh PROGRAM: is the hardening that cmake/options.cmake asks for in the linked program?
set -euo pipefail
program=$1
failed=0

# want WHAT PATTERN COMMAND...: PATTERN must be in what the command prints
want() {
  local what=$1 pattern=$2
  shift 2
  if ! "$@" 2>/dev/null | grep -E "$pattern" >/dev/null; then
    echo "$program: no $what" >&2
    failed=1
  fi
}

want "position-independent code (PIE)" 'Type:[[:space:]]+DYN' readelf --wide --file-header "$program"
want "read-only relocations" 'GNU_RELRO' readelf --wide --program-headers "$program"
want "full RELRO (BIND_NOW)" 'BIND_NOW|FLAGS_1.*NOW' readelf --wide --dynamic "$program"
want "stack protector" '__stack_chk_fail' readelf --wide --dyn-syms "$program"
want "checked library calls (_FORTIFY_SOURCE)" '__[a-z]+_chk' readelf --wide --dyn-syms "$program"
want "stack that is not executable" 'GNU_STACK.* RW ' readelf --wide --program-headers "$program"
if [[ $(uname -m) == x86_64 ]]; then
  want "branch protection (endbr64)" 'endbr64' objdump --disassemble=main --no-show-raw-insn "$program"
fi
exit $failed
