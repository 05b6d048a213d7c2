#!/usr/bin/env bash
# Builds everything, runs all tests, and ends with "N passed, N failed" (and ", N skipped"). Fails when a test fails or nothing could be run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# No server processes stay behind, and nothing asks questions.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDTERMINALLOGGER=off DEBIAN_FRONTEND=noninteractive

# NativeAOT links with clang and zlib.
install_linker() {
  command -v clang > /dev/null && [ -e /usr/include/zlib.h ] && return
  command -v apt-get > /dev/null || { echo "Please install clang and the zlib headers." >&2; return; }
  local root=""
  [ "$(id -u)" -eq 0 ] || root="sudo"
  $root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends clang zlib1g-dev > /dev/null
}
install_linker

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
projects=(tests/*.Tests/*.csproj)
dotnet build ModelCompiler.sln -c Release || status=1
if [ "$status" -eq 0 ]; then
  # One project at a time: the package tests build projects that the others have loaded.
  dotnet test ModelCompiler.sln -c Release --no-build -m:1 --logger trx --results-directory "$results" "$@" || status=1
fi

# Every test project must have left results; one that crashed, or was not built, counts as a failure.
passed=0 failed=0 skipped=0 reports=0
count() { sed -n "s/.*<Counters[^>]* $2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }
for report in "$results"/*.trx; do
  [ -e "$report" ] || continue
  reports=$((reports + 1))
  total=$(count "$report" total)
  executed=$(count "$report" executed)
  good=$(count "$report" passed)
  passed=$((passed + good))
  failed=$((failed + executed - good))
  skipped=$((skipped + total - executed))
done
missing=$((${#projects[@]} - reports))
failed=$((failed + missing))
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || status=1

summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
exit "$status"
