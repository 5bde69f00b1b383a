#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that are missing, and nothing when none is.
# Usage: install-deps.sh build|install|demo|python|api|test|bench|tidy...
set -euo pipefail

build='build-essential cmake ninja-build ccache mold pkg-config libboost1.81-dev
  libboost-json1.81-dev libssl-dev libsodium-dev libzstd-dev zlib1g-dev libsimdjson-dev
  libsqlite3-dev libxxhash-dev libcli11-dev libp11-kit-dev'
demo='age coreutils gzip jq openssl zstd'
install='help2man'
python='pybind11-dev python3-dev python3-venv'
api='doxygen'
test='clang curl libclang-rt-14-dev llvm-14 libgtest-dev libgmock-dev git help2man
  python3 python3-venv python3-pytest python3-pandas python3-matplotlib mypy
  faketime opensc openssl softhsm2'
bench='borgbackup libbenchmark-dev restic'
tidy='clang clang-tidy-14'

packages=()
for set in "$@"; do
  case "$set" in
    build | install | demo | python | api | test | bench | tidy) read -r -d '' -a names <<<"${!set}" || true ;;
    *)
      echo "usage: $0 build|install|demo|python|api|test|bench|tidy..." >&2
      exit 2
      ;;
  esac
  packages+=("${names[@]}")
done

if ! command -v dpkg-query >/dev/null; then
  echo "Not a Debian system. What Debian 12 calls: ${packages[*]}" >&2
  for tool in c++ cmake ninja; do
    command -v "$tool" >/dev/null || { echo "not found: $tool" >&2; exit 1; }
  done
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  # shellcheck disable=SC2016  # dpkg-query expands it
  status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1) || true
  [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

install=(apt-get install -y --no-install-recommends "${missing[@]}")
root=()
if ((EUID != 0)); then
  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    root=(sudo)
  else
    echo "Packages are missing. As root: apt-get update && ${install[*]}" >&2
    exit 1
  fi
fi
echo "Installing: ${missing[*]}"
"${root[@]}" apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}"
