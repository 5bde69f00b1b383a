#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Restores one segment without our software: bash, coreutils, jq, openssl, age and zstd.
#
#   restore-by-hand.sh STORE IDENTITY TRUST POINT STREAM SEGMENT > SEGMENT.jsonl
#
# STORE is the vault's store folder, IDENTITY its age identity (vault.key), TRUST the trust policy
# (trust.json). "Restoring by hand" in docs/format.md explains each step and what is left out.
set -euo pipefail
store=$1 identity=$2 trust=$3 id=$4 stream=$5 segment=$6 work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
expect() { [[ $(sha256sum <"$2") == "$1  -" ]] || { echo "$2 has other bytes" >&2 && exit 1; }; }

# The point is signed by a trusted key; all else is found by digest, from the point on.
point=$(echo "$store"/recovery-points/*/"$id".json)
jq -er --arg id "$id" --slurpfile d "$point" 'select($d[0].type == "recoveryPoint" and $d[0].formatVersion == 1 and $d[0].recoveryPointId == $id
  and $d[0].vaultId == .vaultId) | .keys[] | select(.role == "document" and .algorithm == "Ed25519" and .keyId == $d[0].keyId and (.notBefore // "") <= $d[0].createdAt and $d[0].createdAt < (.notAfter // "~")).publicKey' \
  "$trust" | base64 -d >"$work/key"
jq -j .signature "$point" | base64 -d >"$work/signature"
jq -jcS 'del(.signature, .coSignatures)' "$point" >"$work/signed"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key" -rawin -in "$work/signed" -sigfile "$work/signature" >&2

# The segment's descriptor, in a list of the point or of its parents.
tenant=$(basename "$(dirname "$point")") descriptor=''
until [[ $descriptor ]]; do
  for page in $(jq -r --arg s "$stream" '.lists[] | select(.stream == $s).sha256' "$point"); do
    expect "$page" "$store/lists/$tenant/$page.json"
    descriptor+=$(jq -c --arg n "$segment" '.descriptors[] | select(.name == $n)' "$store/lists/$tenant/$page.json")
  done
  [[ $descriptor ]] || read -r digest id < <(jq -er '"\(.parent.sha256) \(.parent.recoveryPointId)"' "$point")
  [[ $descriptor ]] || { point=$store/recovery-points/$tenant/$id.json && expect "$digest" "$point"; }
done

# Package and manifest; the key epoch's identity, out of its newest wrap; the segment.
package=$store/$(jq -r .key <<<"$descriptor")
manifest=$store/manifests/$tenant/$(basename "$(dirname "$package")")/$(printf %020d "$(jq .sequence <<<"$descriptor")").json
expect "$(jq -r .sha256 <<<"$descriptor")" "$package"
expect "$(jq -r .manifestSha256 <<<"$descriptor")" "$manifest"
epochs=("$store/keys/$tenant/$(jq -r .keyEpoch "$manifest")"/*.json)
age -d -i "$identity" "$store/$(jq -r .wrapKey "${epochs[-1]}")" | grep -xE 'AGE-SECRET-KEY-1[0-9A-Z]+' >"$work/epoch.key"
age -d -i "$work/epoch.key" "$package" | zstd -d -q >"$work/segment"
expect "$(jq -r .sha256 "$manifest")" "$work/segment"
cat "$work/segment"
