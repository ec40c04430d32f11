#!/usr/bin/env bash
# check_null_crypto.sh LINK-COMMAND...: links the louver program with null cryptography in the place of the real one, which
# must fail, for the one reason that is meant: `real_cryptography` is defined nowhere. Should it link, a build for fuzzing could
# be installed by mistake; should something else be missing too, this test would prove nothing.
set -uo pipefail
if output=$(LC_ALL=C "$@" 2>&1); then
  echo "check_null_crypto: the louver program links with null cryptography" >&2
  exit 1
fi
missing=$(grep -o "undefined reference to .*" <<<"$output" | sort -u)
if [[ $missing != "undefined reference to \`louver::crypto::real_cryptography'" ]]; then
  printf 'check_null_crypto: linking fails for another reason:\n%s\n' "$output" >&2
  exit 1
fi
echo "the louver program does not link with null cryptography"
