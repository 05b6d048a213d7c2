#!/usr/bin/env bash
# Compiles many damaged models: build/mutate.sh [count] [first seed]. Fails when one makes the compiler throw, takes long or much memory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
MODELCOMPILER_MUTATIONS=${1:-200000} MODELCOMPILER_MUTATION_SEED=${2:-100000} \
  exec dotnet test tests/ModelCompiler.Conformance.Tests -c Release --filter "FullyQualifiedName~MutationTests" --logger "console;verbosity=normal"
