#!/usr/bin/env bash
# Proves authproof on services that none of us wrote: starts them, runs, compares the verdicts with the expected list.
#   tests/real/prove.sh [amundsen-1x|flaskoidc-1x|flaskoidc-0x]...     all of them without arguments
#   TARGETS        folder with the start scripts (default ../shared/targets)
#   TARGETS_HOME   where their environments go (default .targets)
#   AUTHPROOF      the program (default target/release/authproof)
#   RUNS           how often each is run; the verdicts must be the same (default 1)
#   CONCURRENCY    scenarios side by side (default: what authproof takes for a deployment)
#   UPDATE=1       write the expected lists instead of comparing
# Exit: 0 as expected, 1 otherwise, 77 where the machine cannot run them (no python3, no start scripts).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
targets="${TARGETS:-../shared/targets}"
export TARGETS_HOME="${TARGETS_HOME:-$PWD/.targets}"
authproof="${AUTHPROOF:-target/release/authproof}"
[ -d "$targets" ] || { echo "no start scripts in $targets" >&2; exit 77; }
command -v python3 >/dev/null || { echo "python3 is needed" >&2; exit 77; }
[ -x "$authproof" ] || { echo "build it first: cargo build --release" >&2; exit 2; }

issuer=http://127.0.0.1:9400
results="$(mktemp -d)"
stop_all() { for t in amundsen flaskoidc-1x flaskoidc-0x; do "$targets/$t/stop.sh" >/dev/null 2>&1 || true; done; }
trap 'stop_all; rm -rf "$results"' EXIT

start() { # name: starts the services and prints the arguments for authproof
  case "$1" in
    amundsen-1x)
      ISSUER=$issuer METADATASERVICE_BASE=http://127.0.0.1:9402 SEARCHSERVICE_BASE=http://127.0.0.1:9403 \
        "$targets/amundsen/start.sh" >/dev/null
      echo --preset amundsen-flaskoidc-1x --url frontend=http://127.0.0.1:5000 \
        --url metadata=http://127.0.0.1:5002 --url search=http://127.0.0.1:5001 ;;
    flaskoidc-1x)
      ISSUER=$issuer "$targets/flaskoidc-1x/start.sh" >/dev/null
      echo --preset flaskoidc-1x --url app=http://127.0.0.1:5010 ;;
    flaskoidc-0x)
      # It reads the endpoints at its start, before our provider is there.
      ISSUER=$issuer AUTH_URI=$issuer/authorize TOKEN_URI=$issuer/token USERINFO_URI=$issuer/userinfo \
        INTROSPECTION_URI=$issuer/introspect "$targets/flaskoidc-0x/start.sh" >/dev/null
      echo --preset flaskoidc-0x --url app=http://127.0.0.1:5020 ;;
    *) echo "unknown: $1" >&2; exit 2 ;;
  esac
}

setup() {
  case "$1" in amundsen-1x) "$targets/amundsen/setup.sh" ;; *) "$targets/$1/setup.sh" ;; esac
}

failed=0
for name in "${@:-amundsen-1x flaskoidc-1x flaskoidc-0x}"; do
  for name in $name; do
    setup "$name" >"$results/$name.setup" 2>&1 || { tail -20 "$results/$name.setup" >&2; exit 77; }
    for run in $(seq "${RUNS:-1}"); do
      arguments="$(start "$name" 2>>"$results/$name.log")"
      # 1: a check failed, as expected of these services.
      code=0
      # shellcheck disable=SC2086
      "$authproof" run $arguments ${CONCURRENCY:+--concurrency "$CONCURRENCY"} --reports "$results/$name" --quiet >"$results/$name.txt" 2>&1 || code=$?
      stop_all
      [ "$code" -le 1 ] || { echo "$name: exit $code"; tail -40 "$results/$name.txt"; failed=1; }
      "$authproof" report --journal "$results/$name/journal.ndjson" --format verdicts >"$results/$name.verdicts"
      expected="tests/real/expected/$name.txt"
      if [ "${UPDATE:-}" = 1 ]; then cp "$results/$name.verdicts" "$expected"; fi
      if diff -u "$expected" "$results/$name.verdicts"; then
        echo "$name, run $run: $(grep -c . "$expected") verdicts as expected"
      else
        echo "$name, run $run: the verdicts differ from $expected"; failed=1
      fi
    done
  done
done
exit "$failed"
