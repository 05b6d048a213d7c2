#!/usr/bin/env bash
# Assembles a private .NET root from NuGet packages: build/framework.sh 8|9|10|11 DIR. Afterwards DIR/dotnet app.dll runs programs that were built for that
# framework, whatever the machine's own is. Does nothing anew that is there already. The .NET 10 SDK builds programs for .NET 11 when it imports Net11.targets.
set -euo pipefail
case "${1:-}" in 8 | 9 | 10 | 11) ;; *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;; esac
[ -n "${2:-}" ] || { echo "Where to? build/framework.sh $1 DIR" >&2; exit 2; }
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off
mkdir -p "$2"
dotnet build "$(dirname "${BASH_SOURCE[0]}")/Framework.proj" -t:Assemble -nodeReuse:false -v:minimal -p:Framework="$1" -p:Root="$(cd "$2" && pwd)"
