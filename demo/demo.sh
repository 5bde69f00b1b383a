#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tour of `atp` as a user meets it, on generated records: back up, damage, find the damage,
# restore. Every step shows the command that it runs and checks what came of it.
set -euo pipefail

usage() {
  cat <<'END'
Usage: demo/demo.sh [--keep]

  --keep            leave the folder in place when all went well
  ATP_DEMO_SEED=n   damage the same byte again (the seed of each run is printed)
  ATP_BIN=path, ATP_GENERATE=path
                    the programs to show (default: those in build/bin)
END
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
atp_program=$(realpath "${ATP_BIN:-$root/build/bin/atp}")
generate_program=$(realpath "${ATP_GENERATE:-$root/build/bin/atp-generate}")
seed=${ATP_DEMO_SEED:-$((SRANDOM % 1000000))}
keep=no
for argument in "$@"; do
  case $argument in
    --keep) keep=yes ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
for program in "$atp_program" "$generate_program"; do
  [[ -x $program ]] || { echo "not built: $program (make builds it)" >&2; exit 1; }
done

bold='' green='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR+set} ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/atp-demo.XXXXXX")
export XDG_CONFIG_HOME=$work/config
PATH=$(dirname "$atp_program"):$PATH
cd "$work"
steps=0

finish() {
  local code=$?
  if ((code == 0)) && [[ $keep == no ]]; then
    rm -rf "$work"
  elif ((code == 0)); then
    echo "Kept: $work"
  else
    echo "${red}The demo stopped at step $steps.${plain} Everything is still in $work" >&2
  fi
}
trap finish EXIT

step() {
  steps=$((steps + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$steps" "$1" "$plain"
  shift
  ((!$#)) || printf '   %s\n' "$@"
}

good() { echo "   ${green}ok${plain}  $1"; }

bad() {
  echo "   ${red}not as told${plain}  $1"
  exit 1
}

# run CODE COMMAND...: shows and runs COMMAND, whose output is left in $output.
run() {
  local expected=$1 code=0
  shift
  printf '   $ %s\n' "$*"
  output=$("$@" 2>&1) || code=$?
  [[ -z $output ]] || printf '%s\n' "$output" | sed 's/^/     /'
  ((code == expected)) || bad "the exit code is $code, expected $expected"
}

says() { [[ $output == *"$1"* ]] || bad "expected the output to say: $1"; }

newest_point() { atp points vault --json | jq -r .recoveryPointId | tail -n 1; }

echo "${bold}atp: backup, restore and verification of audit trails${plain}"
echo "Everything happens in $work"
echo "Its keys go to \$XDG_CONFIG_HOME, here $XDG_CONFIG_HOME; yours are not touched."
echo "The seed of this run is $seed."

step 'Some audit records' \
  'Two streams, three sealed segments each: files of JSON lines that will not change any more.'
"$generate_program" --out source --stream audit.access --stream audit.admin \
  --segments 3 --segment-bytes 16M --seed "$seed" >/dev/null
(cd source && du -ab --time-style=+ -- */*) | awk '{printf "     %10d bytes  %s\n", $1, $NF}'

step 'Make a vault' 'A folder of signed and encrypted objects. The keys to it are kept elsewhere.'
run 0 atp init vault --region local
says 'made vault'
[[ -z $(find config -type f -name '*.[kp]e[ym]' -perm /077) ]] || bad 'others may read the keys'
good 'the keys are outside of it, and only you may read them'

step 'Take the first recovery point' 'The first one is full.'
run 0 atp backup vault --tenant acme --from source
says completed
says '6 new segments'
good "$(du -sm source | cut -f1) MiB are in $(du -sm vault/store | cut -f1) MiB, encrypted"

step 'List and verify it' 'Verifying reads every byte, and recomputes every digest, root and signature.'
run 0 atp points vault --tenant acme
says full
first=$(newest_point)
run 0 atp verify vault
says "verified  $first"
good 'everything in it is as it was sealed'

step 'One more segment, one more recovery point' 'An incremental point holds what is new.'
"$generate_program" --out source --stream audit.access --segments 1 --first 3 \
  --segment-bytes 16M --seed "$seed" >/dev/null
run 0 atp backup vault --tenant acme --from source
says '1 new segment, 6 unchanged'
second=$(newest_point)
[[ $second != "$first" ]] || bad 'expected another recovery point'
good 'only the new segment was read and stored'

step 'Nothing new' 'Then there is no new point, only a line in the ledger that says somebody looked.'
run 0 atp backup vault --tenant acme --from source
says unchanged
says 'nothing new, 7 unchanged'
[[ $(newest_point) == "$second" ]] || bad 'expected no further recovery point'
good 'still the same two points'

step 'Somebody changes one byte' 'Of a package and at a place drawn by lot.'
RANDOM=$seed
mapfile -t packages < <(find vault/store/segments -type f -name '[!.]*' | sort)
package=${packages[RANDOM % ${#packages[@]}]}
key=${package#vault/store/}
size=$(stat -c %s "$package")
offset=$((((RANDOM << 15) | RANDOM) % size))
byte=$(od -An -tu1 -j "$offset" -N 1 "$package" | tr -d ' ')
damaged=$(((byte + 1 + RANDOM % 255) % 256))
write_byte() {
  printf '%b' "\\x$(printf %02x "$1")" | dd of="$package" bs=1 seek="$offset" conv=notrunc status=none
}
write_byte "$damaged"
echo "     $key"
printf '     byte %d of %d was %d and is now %d\n' "$offset" "$size" "$byte" "$damaged"
run 20 atp verify vault
says failed
says "$key"
good 'found, named, and the exit code is 20'

step 'Nothing damaged gets out' 'A restore of that point leaves nothing that could be taken for whole.'
run 20 atp restore vault "$second" --to refused
says 'nothing was restored'
[[ $(ls -A refused) == RESTORE-UNFINISHED ]] || bad 'expected no restored file'
good 'refused'

step 'The byte is put back'
write_byte "$byte"
run 0 atp verify vault
says "verified  $second"
good 'verified again'

step 'Restore and compare' 'The newest point and the one it builds on give all seven segments.'
run 0 atp restore vault "$second" --to restored
says '7 segments'
run 0 diff -r source restored
good 'every byte is the same'

step 'The catalog is lost' 'It is an index and nothing more: it is made again from the store.'
run 0 rm vault/catalog.db
run 5 atp backup vault --tenant acme --from source
says 'read-only'
run 0 atp catalog rebuild vault
says '2 points and 7 segments'
run 0 atp doctor vault
says 'equals what the store says'
good 'as before'

step 'Restore without our software' 'With age, zstd, jq, openssl, sha256sum and a shell alone.'
keys=$(echo config/atp/*)
for segment in source/*/*.jsonl; do
  stream=$(basename "$(dirname "$segment")") name=$(basename "$segment" .jsonl)
  by_hand=(docs/restore-by-hand.sh vault/store "$keys/vault.key" "$keys/trust.json" "$second"
    "$stream" "$name")
  [[ $segment != source/audit.access/000000.jsonl ]] || printf '   $ %s\n' "${by_hand[*]}"
  "$root/${by_hand[0]}" "${by_hand[@]:1}" >by-hand.jsonl 2>by-hand.log ||
    bad "$stream/$name: $(tail -n 1 by-hand.log)"
  cmp by-hand.jsonl "$segment" || bad "$stream/$name has other bytes"
  echo "     $stream/$name"
done
good 'every byte is the same'

printf '\n%sAll %d steps went as told.%s\n' "$bold" "$steps" "$plain"
