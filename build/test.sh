#!/usr/bin/env bash
# Builds everything, runs all tests, and ends with "N passed, N failed" (and ", N skipped"). Fails when a test fails or nothing could be run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# No server processes stay behind, and nothing asks questions.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDTERMINALLOGGER=off DEBIAN_FRONTEND=noninteractive

# NativeAOT links with clang and zlib; programs for Linux on arm64 are linked with the tools of that machine and run by QEMU.
# Where nothing can be installed, the tests that need them are skipped.
install_linkers() {
  local packages=()
  command -v clang > /dev/null && [ -e /usr/include/zlib.h ] || packages+=(clang zlib1g-dev)
  if [ "$(uname -sm)" = "Linux x86_64" ]; then
    command -v ld.lld > /dev/null && command -v llvm-objcopy > /dev/null || packages+=(lld llvm)
    command -v aarch64-linux-gnu-gcc > /dev/null && [ -d /usr/aarch64-linux-gnu/lib ] || packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
    command -v qemu-aarch64-static > /dev/null || packages+=(qemu-user-static)
  fi
  [ "${#packages[@]}" -gt 0 ] || return 0
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  if ! command -v apt-get > /dev/null || ! { "${root[@]}" apt-get update -qq && "${root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" > /dev/null; }; then
    echo "Please install ${packages[*]}." >&2
  fi
}
install_linkers

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
projects=(tests/*.Tests/*.csproj)
dotnet build ModelCompiler.sln -c Release || status=1
if [ "$status" -eq 0 ]; then
  # One project at a time: the package tests build projects that the others have loaded.
  dotnet test ModelCompiler.sln -c Release --no-build -m:1 --logger trx --results-directory "$results" "$@" || status=1
fi

# .NET 11 reaches instructions that the SDK's own framework does not (VNNI): what is generated for these is run there, with the SDK on a private root.
newest=0
run_on_newest() {
  local root="$results/net11"
  if ! build/framework.sh 11 "$root"; then
    echo "The packages of .NET 11 cannot be had: the tests of x64-avxvnni and x64-v4-vnni are left out." >&2
    return 0
  fi
  ln -s "$(dirname "$(readlink -f "$(command -v dotnet)")")/sdk" "$root/sdk"
  for project in tests/ModelCompiler.CodeGen.Tests tests/ModelCompiler.Conformance.Tests; do
    newest=$((newest + 1))
    DOTNET_ROOT="$root" DOTNET_ROLL_FORWARD=LatestMajor "$root/dotnet" test "$project" -c Release --no-build --logger trx --results-directory "$results" \
      --filter "DisplayName~vnni" || status=1
  done
}
if [ "$status" -eq 0 ] && [ "$(uname -sm)" = "Linux x86_64" ] && [ "$#" -eq 0 ]; then run_on_newest; fi

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
missing=$((${#projects[@]} + newest - reports))
failed=$((failed + missing))
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || status=1

summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
exit "$status"
