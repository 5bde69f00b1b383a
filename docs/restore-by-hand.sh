#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Restores one segment without our software: bash, coreutils, jq, openssl, age and zstd.
#
#   restore-by-hand.sh STORE IDENTITY TRUST POINT STREAM SEGMENT > SEGMENT.jsonl
#
# STORE is the vault's store folder, IDENTITY its age identity (vault.key), TRUST the trust policy
# (trust.json). "Restoring by hand" in docs/format.md explains each step and what is left out.
set -euo pipefail
shopt -s inherit_errexit
store=$1 identity=$2 trust=$3 id=$4 stream=$5 segment=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# verify FILE TYPE: canonical, of this type and vault, signed by a trusted document key of its time.
verify() {
  cmp <(jq -jcS . "$1") "$1" >&2
  jq -e --arg type "$2" --slurpfile d "$1" 'select($d[0].type == $type and $d[0].formatVersion == 1 and $d[0].vaultId == .vaultId)
    | .keys[] | select(.role == "document" and .algorithm == "Ed25519" and .keyId == $d[0].keyId and (.notBefore // "") <= $d[0].createdAt
    and $d[0].createdAt < (.notAfter // "~"))' "$trust" >"$work/key"
  jq -j .publicKey "$work/key" | base64 -d >"$work/spki"
  jq -j .signature "$1" | base64 -d >"$work/signature"
  jq -jcS 'del(.signature, .coSignatures)' "$1" >"$work/signed"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/spki" -rawin -in "$work/signed" -sigfile "$work/signature" >&2
}
# expect DIGEST FILE
expect() { sha256sum --check --quiet - <<<"$1  $2" >&2; }

# 1. The point; its parents, by digest, until one lists the segment.
descriptor='' digest=''
until [[ $descriptor ]]; do
  point=$(echo "$store"/recovery-points/*/"$id".json)
  tenant=$(basename "$(dirname "$point")")
  [[ -z $digest ]] || expect "$digest" "$point"
  verify "$point" recoveryPoint
  jq -e --arg id "$id" '.recoveryPointId == $id' "$point" >/dev/null
  for page in $(jq -r --arg s "$stream" '.lists[] | select(.stream == $s) | .sha256' "$point"); do
    expect "$page" "$store/lists/$tenant/$page.json"
    descriptor+=$(jq -c --arg n "$segment" '.descriptors[] | select(.name == $n)' "$store/lists/$tenant/$page.json")
  done
  [[ $descriptor ]] || { id=$(jq -er .parent.recoveryPointId "$point") && digest=$(jq -r .parent.sha256 "$point"); }
done

# 2. Its package and its manifest, by the digests of the list.
package=$store/$(jq -r .key <<<"$descriptor")
manifest=$store/manifests/$tenant/$(basename "$(dirname "$package")")/$(printf %020d "$(jq .sequence <<<"$descriptor")").json
expect "$(jq -r .sha256 <<<"$descriptor")" "$package"
expect "$(jq -r .manifestSha256 <<<"$descriptor")" "$manifest"

# 3. The key epoch's identity, out of its newest wrap.
epoch=$(printf '%s\n' "$store/keys/$tenant/$(jq -r .keyEpoch "$manifest")"/*.json | tail -n 1)
verify "$epoch" keyEpoch
wrap=$store/$(jq -r .wrapKey "$epoch")
expect "$(jq -r .wrapSha256 "$epoch")" "$wrap"
age -d -i "$identity" -o "$work/epoch.key" "$wrap"

# 4. The segment, compared with the manifest before a byte of it is given out.
age -d -i "$work/epoch.key" "$package" | zstd -d -q >"$work/segment"
expect "$(jq -r .sha256 "$manifest")" "$work/segment"
cat "$work/segment"
