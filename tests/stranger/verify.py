#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stranger's verifier of vaults, proof files and exports, written from docs/format.md alone: no code of the
library, only Python's standard library and the commands openssl, age, age-keygen and zstd.

    verify.py vault STORE TRUST [--identity FILE] [--tenant NAME | --point ID]
    verify.py proof FILE TRUST
    verify.py export FOLDER TRUST

The first verifies every ledger, and every recovery point that one completes, to the last record
where an identity is given; the second one proof of a record, which it prints; the third a bundle of
records that were handed over, to the last file. Exit code 0 where all holds, 1 where something does not, with one line that says what.
"""

import argparse
import base64
import datetime
import functools
import hashlib
import json
import pathlib
import re
import stat
import struct
import subprocess
import sys
import tempfile

TOOLS = ["age", "age-keygen", "openssl", "zstd"]
LIMIT = 2**53
LAST_SECOND = 9223372036  # Of times in nanoseconds.


class Refused(Exception):
    pass


# What members that are missing or of another type come to.
MALFORMED = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)


def require(condition, what):
    if not condition:
        raise Refused(what)


# Canonical JSON ----------------------------------------------------------------------------------

def parse_json(text):
    """A value of the profile."""
    def members(pairs):
        require(len({key for key, _ in pairs}) == len(pairs), "a key stands twice")
        for key, _ in pairs:
            require(all(" " <= c <= "~" for c in key), "a key is not printable ASCII")
        return dict(pairs)

    def integer(text):
        require(text != "-0" and abs(int(text)) < LIMIT, "not an integer of the profile")
        return int(text)

    def no_number(text):
        raise Refused(f"not an integer: {text}")

    def check(value, depth=0):
        if isinstance(value, str):
            require("\x7f" not in value, "U+007F")
            require(not any(0xD800 <= ord(c) < 0xE000 for c in value), "a lone surrogate")
        elif isinstance(value, (list, dict)):
            require(depth < 32, "nested more than 32 deep")
            for part in value.values() if isinstance(value, dict) else value:
                check(part, depth + 1)

    try:
        if isinstance(text, bytes):
            require(not text.startswith(b"\xef\xbb\xbf"), "a byte order mark")
            text = text.decode("utf-8")
        value = json.loads(text, object_pairs_hook=members, parse_int=integer,
                           parse_float=no_number, parse_constant=no_number)
    except ValueError as error:
        raise Refused(str(error)) from error
    check(value)
    return value


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_stored(stored):
    value = parse_json(stored)
    require(canonical(value) == stored, "not canonical")
    return value


def encode_name(name):
    require(name, "no name")
    require(not any(ord(c) < 0x20 or c == "\x7f" for c in name), "a control character")
    literal = b"abcdefghijklmnopqrstuvwxyz0123456789._-"
    encoded = "".join(chr(b) if b in literal and not (b == 0x2E and i == 0) else f"={b:02X}"
                      for i, b in enumerate(name.encode("utf-8")))
    require(len(encoded) <= 120, "over 120 bytes once encoded")
    return encoded


def decode_name(encoded):
    try:
        raw = re.sub(rb"=([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), encoded.encode())
        name = raw.decode("utf-8")
    except ValueError as error:
        raise Refused(str(error)) from error
    require(encode_name(name) == encoded, "not the one encoding")
    return name


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(str(error)) from error
    require(base64.b64encode(raw).decode() == text, "base64 that is not canonical")
    return raw


# Hashes ------------------------------------------------------------------------------------------

def sha256(data):
    return hashlib.sha256(data).hexdigest()


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def merkle_root(leaves):
    """RFC 9162, section 2.1.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def chacha20_block(key, counter):
    """RFC 8439, section 2.3, with a nonce of zeros."""
    def quarter(a, b, c, d):
        for one, two, three, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[one] = (x[one] + x[two]) & 0xFFFFFFFF
            y = x[three] ^ x[one]
            x[three] = (y << turn | y >> 32 - turn) & 0xFFFFFFFF

    start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I12x", counter))
    x = list(start)
    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start)))


def salt(seed, index):
    return _salts(seed, index // 4)[16 * (index % 4):][:16]


_salts = functools.lru_cache(maxsize=None)(chacha20_block)


def split_records(raw):
    records = raw.split(b"\n")
    return records[:-1] if records[-1] == b"" else records


def leaves_of(seed, raw, first=0):
    return [leaf_hash(salt(seed, first + i) + record)
            for i, record in enumerate(split_records(raw))]


# Stock commands ----------------------------------------------------------------------------------

def run(command, data=b"", files=()):
    """Standard output; `files` are written to a folder of their own and stand in for @0, @1."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, contents in enumerate(files):
            path = pathlib.Path(folder) / str(number)
            path.touch(mode=0o600)
            path.write_bytes(contents)
            paths.append(str(path))
        words = [paths[int(word[1:])] if word.startswith("@") else word for word in command]
        done = subprocess.run(words, input=data, capture_output=True, check=False)
    require(done.returncode == 0, f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


@functools.lru_cache(maxsize=None)
def age_decrypt(identity, sealed):
    return run(["age", "-d", "-i", "@0"], sealed, [identity])


@functools.lru_cache(maxsize=None)
def recipient_of(identity):
    return run(["age-keygen", "-y", "@0"], b"", [identity]).decode().strip()


@functools.lru_cache(maxsize=None)
def zstd_decode(data):
    return run(["zstd", "-d", "-q", "-c"], data)


@functools.lru_cache(maxsize=None)
def openssl_verify(spki, algorithm, message, signature):
    digest = ["-digest", "sha256"] if algorithm == "ES256" else []
    run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "@0", "-rawin",
         *digest, "-in", "@1", "-sigfile", "@2"], b"", [spki, message, signature])


# Signed documents --------------------------------------------------------------------------------

COMMON = "type formatVersion vaultId nonce createdAt keyId signature"
MEMBERS = {  # By type: those that must be there, those that may.
    "vault": ("region domain recipients", ""),
    "policy": ("tenantId version fieldMap retention", ""),
    "keyEpoch": ("tenantId epoch index recipient wrapKey wrapSha256", ""),
    "segmentManifest": (
        "tenantId stream segment sequence key storedBytes storedSha256 indexSha256 keyEpoch records "
        "opaqueRecords frames bytes sha256 finalNewline inputEncoding inputBytes inputSha256 sealedAt "
        "policyVersion merkleRoot leafScheme", "firstTime lastTime previous"),
    "recoveryPoint": (
        "tenantId recoveryPointId region backupType asOf completedAt dataClasses coveredTo lists "
        "merkleRoot segments records bytes storedBytes skipped alarms policyVersion ledgerSizeSeen",
        "parent"),
    "statement": ("tenantId origin index action",
                  "jobId subjectId subjectSha256 predecessor approvedBy"),
    "statement 2": ("tenantId origin index action binding",
                    "jobId subjectId subjectSha256 predecessor approvedBy bindingBefore bindingActs"),
    "approvalRequest": ("tenantId action subjectId plan ledgerSize expiresAt", ""),
    "approval": ("tenantId action subjectId planSha256 requestSha256 ledgerSize expiresAt role", ""),
    "exportManifest": ("tenantId manifestId region format recoveryPointId counts bytes hashes proofRefs",
                       "tsa"),
}
ACTS = {  # By action: phase, subject, what rules call it, whether it binds.
    "ledger.opened": ("after", "none", "", False),
    "ledger.summed_up": ("after", "none", "", True),
    "recovery_point.completed": ("after", "point", "", False),
    "checked": ("after", "point", "", False),
    "halt.resolved": ("after", "halt", "halt.resolve", True),
    "clock.corrected": ("after", "name", "clock.correct", True),
    "export.intended": ("intended", "name", "export", False),
    "export.done": ("done", "document", "", False),
    "export.abandoned": ("abandoned", "name", "", False),
}
UNKNOWN_ACT = ("after", "none", "", False)
PERSONAL = ("approvalRequest", "approval")  # Signed by one person each.


def check_members(document, document_type):
    version = document["formatVersion"]
    members = MEMBERS[document_type if version == 1 else f"{document_type} {version}"]
    needed, possible = (set(names.split()) for names in members)
    needed |= set(COMMON.split())
    require(needed <= set(document) <= needed | possible | {"coSignatures"}, "members")


KEY = re.compile(r"(?=.{1,512}$)(?:[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}(?:/(?!$)|$))+")
FORMS = [(re.compile(form), names.split()) for form, names in (
    ("[0-9a-f]{32}", "vaultId nonce jobId"),
    ("[0-9a-f]{64}", "keyId wrapSha256 storedSha256 indexSha256 sha256 inputSha256 merkleRoot previous "
                     "subjectSha256 head manifestSha256 root planSha256 "
                     "requestSha256 request"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z",
     "createdAt asOf completedAt sealedAt firstTime lastTime expiresAt foundChangedAt"),
    (r"\d{4}(?:0[1-9]|1[0-2])", "epoch keyEpoch"),
    (KEY.pattern, "key wrapKey file"),
    (r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}", "recoveryPointId manifestId"),
    ("[a-z_.]+", "action"),
    ("age1[02-9ac-hj-np-z]{58}", "recipient"),
    (r"P(?=\d)(?:[1-9]\d*Y)?(?:[1-9]\d*M)?(?:[1-9]\d*D)?", "retention"),
    ("none|gzip|zstd", "inputEncoding"),
    ("full|incremental", "backupType"),
)]
FORM_OF = {name: form for form, names in FORMS for name in names}
COUNTS = set("records opaqueRecords frames bytes inputBytes storedBytes segments sequence sequences page "
             "descriptors index version policyVersion ledgerSizeSeen ledgerSize leafScheme size files rows "
             "foundBytes bindingBefore".split())
TIMES = set("createdAt asOf completedAt sealedAt firstTime lastTime expiresAt foundChangedAt".split())
FIELDS = {"time", "action", "actor.id", "subject.id", "subject.email", "subject.phone", "id"}


def is_time(text):
    """A date of the calendar within what 64 bits of nanoseconds hold."""
    try:
        since = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S") - datetime.datetime(1970, 1, 1)
    except ValueError:
        return False
    return -LAST_SECOND < since // datetime.timedelta(seconds=1) < LAST_SECOND and text[17:19] < "60"


def check_forms(value):
    """Whatever stands under a name has that name's one form, however deep."""
    if isinstance(value, list):
        for part in value:
            check_forms(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            require(part is not None, "null")
            if name in FORM_OF:
                require(isinstance(part, str) and FORM_OF[name].fullmatch(part), f"form of {name}")
                require(name not in TIMES or is_time(part), f"form of {name}")
            elif name == "region":
                require(isinstance(part, str) and 1 <= len(encode_name(part)) <= 32
                        and not re.search("[\x00-\x1f\x7f]", part), "form of region")
            elif name in COUNTS and not isinstance(part, list):
                require(type(part) is int and part >= 0, f"form of {name}")
            elif name != "fieldMap":
                check_forms(part)


def check_sense(document):
    """What members say of one another."""
    kind, signers = document["type"], [each["keyId"] for each in document.get("coSignatures", [])]
    require("coSignatures" not in document or signers, "no co-signature")
    require(len(signers) <= 8, "number of co-signatures")
    require(all(set(each) == {"keyId", "signature"} for each in document.get("coSignatures", [])),
            "members of a co-signature")
    require(not (signers and kind in PERSONAL), "co-signatures of a person")
    require(len({document["keyId"], *signers}) == len(signers) + 1, "a signer twice")
    if kind == "segmentManifest":
        timed = document["records"] > document["opaqueRecords"]
        require(document["leafScheme"] >= 1, "leaf scheme of a manifest")
        require(document["opaqueRecords"] <= document["records"], "opaque records of a manifest")
        require(("firstTime" in document) == ("lastTime" in document) == timed, "times of a manifest")
        require(not timed or document["firstTime"] <= document["lastTime"], "order of times")
    elif kind == "recoveryPoint":
        require(("parent" in document) == (document["backupType"] == "incremental"), "parent of a point")
        places = [(row["stream"].encode(), row["page"]) for row in document["lists"]]
        require(places == sorted(set(places)), "order of lists")
        require_order(document)
    elif kind == "policy":
        require(document["version"] >= 1, "version of a policy")
        require(set(document["fieldMap"]) <= FIELDS and "time" in document["fieldMap"], "field map")
    elif kind == "statement":
        require("predecessor" not in document or document["action"] == "ledger.opened", "predecessor")
        if "approvedBy" in document:
            require(set(document["approvedBy"]) == {"request", "approvals"}, "approvedBy")
            require(len(document["approvedBy"]["approvals"]) >= 2, "approvals of a statement")
            require(all(re.fullmatch("[0-9a-f]{64}", each)
                        for each in document["approvedBy"]["approvals"]), "form of approvals")
        if document["formatVersion"] == 2:
            check_trail(document)
    elif kind == "approvalRequest":
        require(1 <= len(document["plan"]) <= 1000, "steps of a plan")
        require(all(set(step) == {"name", "value"} and re.fullmatch("[a-z_.]+", step["name"])
                    and isinstance(step["value"], str) for step in document["plan"]), "a step")
        require(document["createdAt"] < document["expiresAt"], "end of a request")
    elif kind == "vault":
        require(document["recipients"], "no recipient")
    elif kind == "exportManifest":
        files, ranges = document["hashes"], document["proofRefs"]
        require(document["format"] == "jsonl", "format of an export")
        require(all(set(row) == {"file", "bytes", "sha256"} for row in files), "a file of an export")
        require(all(set(row) == {"stream", "fromSeg", "toSeg"} for row in ranges), "a range")
        require(all(a["file"] < b["file"] for a, b in zip(files, files[1:])), "order of files")
        require(all(a["stream"].encode() < b["stream"].encode() for a, b in zip(ranges, ranges[1:])),
                "order of ranges")
        require(set(document["counts"]) == {"files", "rows"}, "counts of an export")
        require(document["counts"]["files"] == len(files), "number of files")
        require(document["bytes"] == sum(row["bytes"] for row in files), "bytes of an export")
        if "tsa" in document:
            require(set(document["tsa"]) == {"type", "token"} and document["tsa"]["type"] == "rfc3161",
                    "tsa")
            unbase64(document["tsa"]["token"])


def require_order(point):
    streams = [row["stream"] for row in point["coveredTo"]]
    require(all(a.encode() < b.encode() for a, b in zip(streams, streams[1:])), "order of coveredTo")


def binds(statement):
    return ACTS.get(statement["action"], UNKNOWN_ACT)[3] or "approvedBy" in statement


def check_trail(statement):
    known = statement["action"] in ACTS or "approvedBy" in statement
    require(isinstance(statement["binding"], bool), "form of binding")
    require(not known or statement["binding"] == binds(statement), "binding")
    require(statement.get("bindingBefore", -1) < statement["index"], "bindingBefore")
    acts = statement.get("bindingActs", [])
    require(len(acts) <= 4096 and acts == sorted(set(acts))
            and all(type(act) is int and 0 <= act < statement["index"] for act in acts), "bindingActs")
    require("bindingActs" not in statement or statement["action"] == "ledger.summed_up",
            "bindingActs of another act")


def check_document(stored, document_type, trust, tenant):
    document = parse_stored(stored)
    require(isinstance(document, dict), "not an object")
    version = document.get("formatVersion")
    known = version == 1 or f"{document_type} {version}" in MEMBERS
    require(known and type(version) is int, "formatVersion")
    require(document.get("type") == document_type, "type")
    require(document.get("vaultId") == trust["vaultId"], "vaultId")
    require(document.get("tenantId") == tenant, "tenantId")
    check_members(document, document_type)
    check_forms(document)
    check_sense(document)
    signed = {k: v for k, v in document.items() if k not in ("signature", "coSignatures")}
    message = canonical(signed)
    signed = False
    for each in [document, *document.get("coSignatures", [])]:
        key = trusted_key(trust, each["keyId"], document["createdAt"],
                          "approver" if document_type in PERSONAL else "document")
        if key is None:
            continue
        openssl_verify(unbase64(key["publicKey"]), key["algorithm"], message,
                       unbase64(each["signature"]))
        signed = True
    require(signed, "no trusted key signed it")
    return document


def trusted_key(trust, key_id, time, role):
    """Times of the format compare as texts."""
    for key in trust["keys"]:
        valid = key.get("notBefore", "") <= time < key.get("notAfter", "~")
        if key["keyId"] == key_id and key["role"] == role and valid:
            require(sha256(unbase64(key["publicKey"])) == key_id, "keyId of the trust policy")
            return key
    return None


# Packages ----------------------------------------------------------------------------------------

FRAME = struct.Struct("<IIIIqq32s")


def parse_blocks(index):
    require(index[:8] == b"ATPINDX1", "magic of the index")
    at, blocks = 8, []
    while at < len(index):
        require(at + 8 <= len(index), "the index is cut")
        kind, size = struct.unpack_from("<II", index, at)
        require(at + 8 + size <= len(index), "a block is cut")
        require(not blocks or kind > blocks[-1][0], "blocks out of order")
        require(kind in (1, 2) or kind >= 0x80000000, "an unknown block")
        blocks.append((kind, index[at + 8:at + 8 + size]))
        at += 8 + size
    require([kind for kind, _ in blocks[:2]] == [1, 2], "salt seed and frame table")
    return dict(blocks)


def parse_index(index):
    blocks = parse_blocks(index)
    require(len(blocks[1]) == 32 and len(blocks[2]) % FRAME.size == 0, "sizes of blocks")
    frames, offset, first = [], 0, 0
    count = len(blocks[2]) // FRAME.size
    for number, entry in enumerate(FRAME.iter_unpack(blocks[2])):
        compressed, raw, records, opaque, first_time, last_time, root = entry
        require(1 <= records <= 4096, "records of a frame")
        require(records <= raw <= (2**24 + 1 if records == 1 else 2**22), "raw bytes of a frame")
        require(1 <= compressed <= raw + raw // 128 + 1024, "compressed bytes of a frame")
        span = 1 << (records - 1).bit_length()
        require(first % span == 0 and (span == records or number + 1 == count), "alignment")
        require(opaque <= records, "opaque records")
        frame = {"offset": offset, "compressedSize": compressed, "rawSize": raw,
                 "firstRecord": first, "records": records, "opaqueRecords": opaque,
                 "root": root.hex()}
        if opaque < records:
            require(first_time <= last_time, "times of a frame")
            frame |= {"firstTime": format_time(first_time), "lastTime": format_time(last_time)}
        else:
            require(first_time == last_time == 0, "times of opaque records")
        frames.append(frame)
        offset, first = offset + compressed, first + records
    return blocks[1], frames


def segment_root(frames):
    """Full frames are subtrees of one height on the left; the tree over all is folded from them."""
    def root(part):
        if len(part) == 1:
            return bytes.fromhex(part[0]["root"])
        total = sum(frame["records"] for frame in part)
        half, seen = 1 << (total - 1).bit_length() - 1, 0
        for number, frame in enumerate(part):
            if seen == half:
                return hashlib.sha256(b"\1" + root(part[:number]) + root(part[number:])).digest()
            seen += frame["records"]
        raise Refused("frames do not make a tree")
    return root(frames) if frames else hashlib.sha256().digest()


def tail_of(plain, frame_count):
    """The index's bytes, with everything around them compared to what it must be."""
    footer = struct.unpack("<IBI", plain[-9:]) if len(plain) >= 17 else None
    require(footer == (frame_count + 1, 0, 0x8F92EAB1), "end of the seek table")
    index_frame, decoded = struct.unpack("<II", plain[-17:-9])
    require(decoded == 0, "decoded size of the index frame")
    table = 8 + 8 * (frame_count + 1) + 9
    require(8 <= index_frame <= len(plain) - table, "size of the index frame")
    data_size = len(plain) - table - index_frame
    index = plain[data_size + 8:data_size + index_frame]
    require(plain[data_size:data_size + 8] == struct.pack("<II", 0x184D2A50, len(index)),
            "header of the index frame")
    seed, frames = parse_index(index)
    require(sum(f["compressedSize"] for f in frames) == data_size, "bytes before the index")
    entries = [(f["compressedSize"], f["rawSize"]) for f in frames] + [(index_frame, 0)]
    expected = (struct.pack("<II", 0x184D2A5E, table - 8)
                + b"".join(struct.pack("<II", *entry) for entry in entries)
                + struct.pack("<IBI", frame_count + 1, 0, 0x8F92EAB1))
    require(plain[-table:] == expected, "seek table")
    return index, seed, frames


def check_package(stored, manifest, identity, time_path):
    require(len(stored) == manifest["storedBytes"], "storedBytes")
    require(sha256(stored) == manifest["storedSha256"], "storedSha256")
    require(manifest["leafScheme"] == 1, "leafScheme")
    if identity is None:
        return b""
    plain = age_decrypt(identity, stored)
    index, seed, frames = tail_of(plain, manifest["frames"])
    require(sha256(index) == manifest["indexSha256"], "indexSha256")
    raw, leaves = b"", []
    for number, frame in enumerate(frames):
        part = zstd_decode(plain[frame["offset"]:frame["offset"] + frame["compressedSize"]])
        require(len(part) == frame["rawSize"], "raw size of a frame")
        require(number + 1 == len(frames) or part.endswith(b"\n"), "line feed of a frame")
        own = leaves_of(seed, part, frame["firstRecord"])
        require(len(own) == frame["records"], "records of a frame")
        require(merkle_root(own).hex() == frame["root"], "root of a frame")
        check_times(part, frame, time_path)
        raw, leaves = raw + part, leaves + own
    require(zstd_decode(plain) == raw, "zstd -d of the whole package")
    require(segment_root(frames) == merkle_root(leaves), "root over the frames")
    found = {"merkleRoot": merkle_root(leaves).hex(), "sha256": sha256(raw), "bytes": len(raw),
             "records": len(leaves), "finalNewline": raw.endswith(b"\n"),
             "opaqueRecords": sum(frame["opaqueRecords"] for frame in frames)}
    timed = [frame for frame in frames if "firstTime" in frame]
    found["firstTime"] = min((frame["firstTime"] for frame in timed), default=None)
    found["lastTime"] = max((frame["lastTime"] for frame in timed), default=None)
    for name, value in found.items():
        require(manifest.get(name) == value, name)
    return raw


def format_time(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    date = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return f"{date:%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def add_period(time, period):
    """Years and months by the calendar, then days; a day that a month lacks is the next month's."""
    counts = re.fullmatch("P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?", period).groups()
    years, months, days = (int(count or 0) for count in counts)
    months += int(time[:4]) * 12 + int(time[5:7]) - 1 + years * 12
    first = datetime.date(months // 12, months % 12 + 1, 1)
    date = first + datetime.timedelta(days=int(time[8:10]) - 1)
    if date.month != first.month:
        date = date.replace(day=1)
    return f"{date + datetime.timedelta(days=days)}{time[10:]}"


def kept_until(manifest, retention):
    """Until when a package is kept for one retention, by its manifest. Times compare as texts."""
    created = manifest["createdAt"]
    dated = min(created, max(manifest["sealedAt"], manifest.get("lastTime", manifest["sealedAt"])))
    return max(add_period(dated, retention),
               min(add_period(created, retention), add_period(created, "P1Y")))


def newest_that_counts(statements):
    """The index of the latest entry that no `clock.corrected` names; None without entries."""
    corrected = 0
    for statement in statements:
        named = statement.get("subjectId", "")
        if (statement["action"] == "clock.corrected" and re.fullmatch("0|[1-9][0-9]*", named)
                and int(named) < statement["index"]):
            corrected = max(corrected, int(named) + 1)
    latest = max(statements[corrected:], default=None, key=lambda each: each["createdAt"])
    return latest and latest["index"]


RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")


def record_time(record, path):
    """The record's time as the format prints it; None for an opaque record."""
    def members(pairs):
        require(len({key for key, _ in pairs}) == len(pairs), "a key stands twice")
        return dict(pairs)
    try:
        value = json.loads(record.decode("utf-8"), object_pairs_hook=members)
        for name in path.split("."):
            value = value[name]
        date, fraction, offset = RFC3339.fullmatch(value).groups()
        instant = datetime.datetime.fromisoformat(date + offset.replace("Z", "+00:00"))
    except (Refused, ValueError, KeyError, TypeError, AttributeError):
        return None
    utc = instant.astimezone(datetime.timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{(fraction or '')[:9].ljust(9, '0')}Z"


def check_times(raw, frame, path):
    times = [record_time(record, path) for record in split_records(raw)]
    known = [time for time in times if time]
    require(len(times) - len(known) == frame["opaqueRecords"], "opaque records")
    require(frame.get("firstTime") == min(known, default=None), "first time")
    require(frame.get("lastTime") == max(known, default=None), "last time")


# List pages and checkpoints ----------------------------------------------------------------------

PAGE = {"type", "formatVersion", "vaultId", "tenantId", "stream", "page", "descriptors"}
DESCRIPTOR = {"kind", "name", "stream", "sequence", "key", "sha256", "bytes", "manifestSha256",
              "merkleRoot", "leafScheme", "records"}


def check_page(stored):
    page = parse_stored(stored)
    require(set(page) == PAGE and page["type"] == "list" and page["formatVersion"] == 1, "members")
    rows = page["descriptors"]
    require(1 <= len(rows) <= 1000, "number of descriptors")
    for row in rows:
        require(set(row) == DESCRIPTOR, "members of a descriptor")
        require(row["kind"] in ("segment", "blob") and row["name"], "kind and name")
        require(KEY.fullmatch(row["key"]) and row["leafScheme"] >= 1, "key and leaf scheme")
        encode_name(row["name"])
        require(row["stream"] == page["stream"], "stream of a descriptor")
        require(row["sequence"] // 1000 == page["page"], "page of a descriptor")
    require(all(a["sequence"] < b["sequence"] for a, b in zip(rows, rows[1:])), "order")
    return page


def descriptor_leaves(page):
    return [leaf_hash(canonical(row)) for row in page["descriptors"]]


def open_checkpoint(note, trust, earliest=""):
    """`earliest`: when the last entry was made that it covers; a key that ended before is not its."""
    require(len(note) <= 2**16, "size of a checkpoint")
    try:
        note = note.decode("utf-8")
    except ValueError as error:
        raise Refused(str(error)) from error
    text, blank, lines = note.partition("\n\n")
    text += "\n"
    require(blank and lines.endswith("\n"), "no signatures")
    body = text.split("\n")
    require(len(body) == 4, "lines of the body")
    origin, size, root = body[:3]
    require(re.fullmatch(r"[!-*,-~]+", origin), "origin")
    require(re.fullmatch(r"[1-9][0-9]*", size) and int(size) < 2**64, "size")
    require(len(unbase64(root)) == 32, "root")
    trusted = False
    require(lines.count("\n") <= 100, "number of signatures")
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([!-*,-~]+) ([A-Za-z0-9+/=]+)", line)
        require(match, "a signature line")
        signature = unbase64(match[2])
        require(len(signature) > 4, "a signature line")
        trusted = trusted or match[1] == origin and is_signed(text, origin, signature, trust, earliest)
    require(trusted, "no trusted key signed it")
    return {"origin": origin, "size": int(size), "root": unbase64(root).hex()}


def is_origin(origin, trust):
    return re.fullmatch(re.escape(trust["domain"]) + r"/[0-9a-f]{16}/(0|[1-9][0-9]*)", origin)


def is_signed(text, origin, signature, trust, earliest):
    for key in trust["keys"]:
        spki = unbase64(key["publicKey"])
        if key["role"] != "ledger" or key.get("notAfter", "~") <= earliest:
            continue
        key_hash = hashlib.sha256(origin.encode() + b"\n\1" + spki[-32:]).digest()[:4]
        if key_hash != signature[:4]:
            continue
        try:
            openssl_verify(spki, "Ed25519", text.encode(), signature[4:])
            return True
        except Refused:
            continue
    return False


def cosigned_by(line, text, key):
    """Whether a signature line is a cosignature by the trusted key (C2SP tlog-cosignature)."""
    match = re.fullmatch("\u2014 ([!-*,-~]+) ([A-Za-z0-9+/=]+)", line)
    if not match or key["role"] != "witness" or key["name"] != match[1]:
        return False
    signature, spki = unbase64(match[2]), unbase64(key["publicKey"])
    key_hash = hashlib.sha256(match[1].encode() + b"\n\4" + spki[-32:]).digest()[:4]
    seconds = int.from_bytes(signature[4:12], "big")
    if len(signature) != 4 + 8 + 64 or signature[:4] != key_hash or seconds > LAST_SECOND:
        return False
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    written = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z")
    if not key.get("notBefore", "") <= written < key.get("notAfter", "~"):
        return False
    openssl_verify(spki, "Ed25519", f"cosignature/v1\ntime {seconds}\n{text}\n".encode(),
                   signature[12:])
    return True


def witnesses_of(note, trust):
    """The names of trusted witnesses that have cosigned it; what is no cosignature is passed over."""
    text, _, lines = note.decode("utf-8", errors="replace").partition("\n\n")
    names = set()
    for line in lines.split("\n"):
        for key in trust["keys"]:
            try:
                if cosigned_by(line, text, key):
                    names.add(key["name"])
            except Refused:
                continue
    return names


def require_quorum(note, trust):
    if "witnesses" in trust:
        require(len(witnesses_of(note, trust)) >= trust["witnesses"]["threshold"], "too few witnesses")


def signer_of(reply):
    """SHA-256 of the SubjectPublicKeyInfo of the certificate that signed a time-stamp."""
    token = run(["openssl", "ts", "-reply", "-in", "@0", "-token_out"], b"", [reply])
    certificate = run(["openssl", "cms", "-verify", "-inform", "DER", "-noverify", "-signer",
                       "/dev/stdout", "-out", "/dev/null"], token)
    return sha256(run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                      run(["openssl", "x509", "-noout", "-pubkey"], certificate)))


def der_size(data):
    """Of the value that `data` begins with, its head included."""
    if data[1] < 0x80:
        return 2 + data[1]
    width = data[1] & 0x7F
    return 2 + width + int.from_bytes(data[2:2 + width], "big")


def is_stamped(reply, digest, trust):
    """Whether an authority has stamped the digest (RFC 3161), at its time under its policy; None
    where it is none that is trusted."""
    try:
        require(len(reply) == der_size(reply), "bytes behind a reply")
        signer = signer_of(reply)
    except (Refused, IndexError):
        return False
    known = [each for each in trust["timestamps"]["authorities"] if signer in each["signers"]]
    for authority in known:
        try:
            shown = run(["openssl", "ts", "-reply", "-in", "@0", "-text"], b"", [reply]).decode()
            policy = re.search(r"^Policy OID: (\S+)$", shown, re.MULTILINE)[1]
            time = re.search(r"^Time stamp: (.+?)(?:\.\d+)?( \d{4})? GMT$", shown, re.MULTILINE)
            made = datetime.datetime.strptime(time[1] + (time[2] or ""), "%b %d %H:%M:%S %Y")
            require(policy in authority["policies"], "policy of a time-stamp")
            root = run(["openssl", "x509", "-inform", "DER"], unbase64(authority["root"]))
            at = str(int((made - datetime.datetime(1970, 1, 1)).total_seconds()))
            run(["openssl", "ts", "-verify", "-digest", digest, "-in", "@0", "-CAfile", "@1",
                 "-attime", at], b"", [reply, root])
            return True
        except Refused:
            continue
    return False if known else None


def require_timestamp(replies, digest, trust):
    """One that holds; where there is none that holds, none that does not, and none is required."""
    if "timestamps" not in trust:
        return
    found = [is_stamped(reply, digest, trust) for reply in replies]
    if True not in found:
        require(False not in found, "a time-stamp")
        require(not trust["timestamps"]["required"], "no time-stamp")


# The vault ---------------------------------------------------------------------------------------

class Vault:
    """Objects by key, and everything in docs/format.md that holds between them, for one tenant."""

    def __init__(self, objects, trust, identity, tenant):
        self.objects, self.trust, self.identity, self.tenant = objects, trust, identity, tenant
        self.place = encode_name(tenant)  # In keys.

    def get(self, key):
        require(key in self.objects, f"no {key}")
        return self.objects[key]

    def document(self, key, document_type, tenant=True):
        return check_document(self.get(key), document_type, self.trust,
                              self.tenant if tenant else None)

    def numbered(self, prefix, suffix, start=0):
        """The keys from `start` on, which must be all that there are."""
        names = sorted(key for key in self.objects
                       if key.startswith(prefix) and key.endswith(suffix))
        require(names == [f"{prefix}{start + i:020}{suffix}" for i in range(len(names))],
                f"numbers under {prefix}")
        return names

    def verify(self, point_id):
        self.read_tenant()
        self.verify_point(point_id)

    def verify_all(self):
        """How many points were verified."""
        self.read_tenant()
        points = [statement["subjectId"] for statement in self.statements
                  if statement["action"] == "recovery_point.completed"]
        for point_id in dict.fromkeys(points):
            self.verify_point(point_id)
        return len(points)

    def read_tenant(self):
        self.document("vault.json", "vault", tenant=False)
        self.read_policies()
        self.read_epochs()
        self.read_ledger()

    def verify_point(self, point_id):
        chain = self.read_points(point_id)
        self.require_witnesses(self.completion_of(point_id)["index"])
        for point in chain:
            self.require_timestamps(f"recovery-points/{self.place}/{point['recoveryPointId']}.json")
        self.read_manifests(chain[0])
        covered = {}
        for point in reversed(chain):
            self.check_listing(point, covered)
        self.check_packages()

    def read_policies(self):
        self.policies = {}
        for key in self.numbered(f"policies/{self.place}/", ".json", start=1):
            policy = self.document(key, "policy")
            require(key.endswith(f"/{policy['version']:020}.json"), "version of a policy")
            self.policies[policy["version"]] = policy

    def read_epochs(self):
        self.epochs = {}
        prefix = f"keys/{self.place}/"
        for epoch in sorted({key.split("/")[2] for key in self.objects if key.startswith(prefix)}):
            folder, recipients = f"{prefix}{epoch}/", set()
            for number, key in enumerate(self.numbered(folder, ".json")):
                document = self.document(key, "keyEpoch")
                require(document["epoch"] == epoch and document["index"] == number, "place")
                require(document["wrapKey"].startswith(folder), "a wrap outside of its epoch")
                wrap = self.get(document["wrapKey"])
                require(sha256(wrap) == document["wrapSha256"], "wrapSha256")
                recipients.add(document["recipient"])
                self.epochs[epoch] = None
                if self.identity:
                    self.epochs[epoch] = age_decrypt(self.identity, wrap)
                    recipients.add(recipient_of(self.epochs[epoch]))
            require(len(recipients) <= 1, "recipients of an epoch")

    def read_ledger(self):
        entries = f"ledger/{self.place}/0/entries/"
        checkpoints = f"ledger/{self.place}/0/checkpoints/"
        self.statements, leaves, origin = [], [], None
        for number, key in enumerate(self.numbered(entries, "")):
            statement = self.document(key, "statement")
            origin = origin or statement["origin"]
            require(statement["origin"] == origin and statement["index"] == number, "place")
            require(is_origin(origin, self.trust), "origin of a ledger")
            require((statement["action"] == "ledger.opened") == (number == 0), "first action")
            self.check_place_in_trail(statement)
            self.statements.append(statement)
            leaves.append(leaf_hash(self.get(key)))
        self.check_acts()
        self.covered = 0
        for key in sorted(key for key in self.objects if key.startswith(checkpoints)):
            covered = self.statements[:int(key[-20:])]
            found = open_checkpoint(self.get(key), self.trust,
                                    covered[-1]["createdAt"] if covered else "")
            require(key == f"{checkpoints}{found['size']:020}", "place of a checkpoint")
            require(found["origin"] == origin and found["size"] <= len(leaves), "checkpoint")
            require(merkle_root(leaves[:found["size"]]).hex() == found["root"], "root of the ledger")
            self.covered = found["size"]
        self.check_outsiders(origin, leaves)
        self.check_tiles(leaves)
        points = sorted(key for key in self.objects
                        if key.startswith(f"recovery-points/{self.place}/"))
        for key in reversed(points):  # Ids begin with their time.
            try:
                seen = self.document(key, "recoveryPoint")["ledgerSizeSeen"]
            except (Refused, *MALFORMED):
                continue  # Anybody can put something there.
            require(seen <= len(leaves), "the tail of the ledger was cut off")
            break

    def check_place_in_trail(self, statement):
        """From version 2 on each leads to the newest binding one before it."""
        before = self.statements[-1] if self.statements else None
        is_old = before is None or before["formatVersion"] == 1
        if statement["formatVersion"] == 1:
            return require(is_old, "version 1 above version 2")
        summary = statement["action"] == "ledger.summed_up"
        require(summary == (is_old and before is not None), "a summary of version 1")
        if is_old:
            expected = None
        else:
            expected = before["index"] if before["binding"] else before.get("bindingBefore")
        require(statement.get("bindingBefore") == expected, "an entry that leads past a binding one")
        if summary:
            old = [each["index"] for each in self.statements if binds(each)]
            require(statement.get("bindingActs") == (old if len(old) <= 4096 else None),
                    "a summary that leaves acts out")

    def check_tiles(self, leaves):
        """Those that readers ask for are what the entries make, or missing."""
        tiles = f"tiles/{self.place}/0/"

        def compare(key, expected):
            require(key not in self.objects or self.get(key) == expected, "a tile")

        for number in range(len(leaves) // 256):
            entries = [self.get(f"ledger/{self.place}/0/entries/{index:020}")
                       for index in range(number * 256, number * 256 + 256)]
            bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
            compare(f"{tiles}entries/{number:020}", bundle)
        level = 0
        while leaves:
            for number, first in enumerate(range(0, len(leaves), 256)):
                hashes = leaves[first:first + 256]
                widths = range(1, len(hashes) + 1)
                if level == 0:
                    widths = [len(hashes) // 4 * 4] if len(hashes) >= 4 else []
                for width in widths:
                    compare(f"{tiles}{level}/{number:020}/{width}", b"".join(hashes[:width]))
            leaves = [merkle_root(leaves[first:first + 256])
                      for first in range(0, len(leaves) - 255, 256)]
            level += 1

    def check_outsiders(self, origin, leaves):
        """What a witness has cosigned, or an authority stamped, is there."""
        for key in self.objects:
            place = re.fullmatch(f"cosignatures/{re.escape(self.place)}/0/([0-9]{{20}})/.*", key)
            if not place or f"ledger/{self.place}/0/checkpoints/{place[1]}" in self.objects:
                continue
            size = int(place[1])
            if size > len(leaves):
                continue
            root = base64.b64encode(merkle_root(leaves[:size])).decode()
            note = f"{origin}\n{size}\n{root}\n\n".encode() + self.get(key)
            require(not witnesses_of(note, self.trust), "a cosigned checkpoint is missing")
        if "timestamps" not in self.trust:
            return
        timestamps = f"timestamps/{self.place}/"
        stampable = (f"ledger/{self.place}/0/checkpoints/", f"recovery-points/{self.place}/",
                     timestamps)
        there = {sha256(self.get(key)) for key in self.objects if key.startswith(stampable)}
        for key in self.objects:
            if key.startswith(timestamps) and key.split("/")[2] not in there:
                require(is_stamped(self.get(key), key.split("/")[2], self.trust) is not True,
                        "what was time-stamped is missing")

    def check_acts(self):
        """None ends that was not intended, and documents that acts name are kept."""
        intended = set()
        for statement in self.statements:
            phase, subject, *_ = ACTS.get(statement["action"], UNKNOWN_ACT)
            act = statement["action"].split(".")[0], statement.get("subjectId")
            if phase == "intended":
                intended.add(act)
            elif phase != "after":
                require(act in intended, "an act that was not intended")
                intended.discard(act)
            if subject == "document":
                folder = f"documents/{self.place}/{statement['subjectSha256']}/"
                require(any(key.startswith(folder) for key in self.objects), "document of an act")

    def require_witnesses(self, index):
        """Some checkpoint over the entry, with as many cosignatures as the policy asks for."""
        if "witnesses" not in self.trust:
            return
        for size in range(self.covered, index, -1):
            folder = f"cosignatures/{self.place}/0/{size:020}/"
            lines = [self.get(key) for key in sorted(self.objects) if key.startswith(folder)]
            key = f"ledger/{self.place}/0/checkpoints/{size:020}"
            if lines and key in self.objects:
                note = self.get(key) + b"".join(lines)
                try:
                    return require_quorum(note, self.trust)
                except Refused:
                    continue
        raise Refused("too few witnesses")

    def require_timestamps(self, key):
        digest = sha256(self.get(key))
        folder = f"timestamps/{self.place}/{digest}/"
        require_timestamp([self.get(key) for key in sorted(self.objects) if key.startswith(folder)],
                          digest, self.trust)

    def completion_of(self, point_id):
        for statement in self.statements:
            if (statement["action"] == "recovery_point.completed"
                    and statement.get("subjectId") == point_id):
                return statement
        raise Refused(f"no statement completes {point_id}")

    def read_points(self, point_id):
        """The point and its parents, down to the full one."""
        chain, expected, before = [], None, self.covered
        while True:
            key = f"recovery-points/{self.place}/{point_id}.json"
            point, digest = self.document(key, "recoveryPoint"), sha256(self.get(key))
            require(point["recoveryPointId"] == point_id, "recoveryPointId")
            require(expected in (None, digest), "digest of a parent")
            statement = self.completion_of(point_id)
            require(statement["subjectSha256"] == digest, "digest in the ledger")
            require(point["ledgerSizeSeen"] <= statement["index"] < before, "order in the ledger")
            require(point["policyVersion"] in self.policies, "policyVersion")
            chain.append(point)
            if "parent" not in point:
                return chain
            before = statement["index"]
            point_id, expected = point["parent"]["recoveryPointId"], point["parent"]["sha256"]

    def read_manifests(self, point):
        self.manifests = {}
        for coverage in point["coveredTo"]:
            stream, previous, segments = coverage["stream"], None, set()
            for sequence in range(coverage["sequences"]):
                key = f"manifests/{self.place}/{encode_name(stream)}/{sequence:020}.json"
                manifest = self.document(key, "segmentManifest")
                require(manifest["stream"] == stream and manifest["sequence"] == sequence, "place")
                require(manifest.get("previous") == previous, "previous")
                require(manifest["segment"] not in segments, "a segment sealed twice")
                require(re.fullmatch(
                    re.escape(f"segments/{self.place}/{encode_name(stream)}/"
                              f"{encode_name(manifest['segment'])}.")
                    + r"[0-9a-f]{16}\.jsonl\.zst\.age", manifest["key"]), "key of a package")
                segments.add(manifest["segment"])
                previous = sha256(self.get(key))
                self.manifests[stream, sequence] = manifest, previous

    def check_listing(self, point, covered):
        """`covered`: by stream, how far the parents' lists go; moved on to this point's end."""
        leaves, listed, totals = [], [], [0, 0, 0]
        for row in point["lists"]:
            stored = self.get(f"lists/{self.place}/{row['sha256']}.json")
            require(sha256(stored) == row["sha256"], "digest of a page")
            page = check_page(stored)
            require((page["vaultId"], page["tenantId"], page["stream"], page["page"],
                     len(page["descriptors"])) ==
                    (point["vaultId"], self.tenant, row["stream"], row["page"],
                     row["descriptors"]), "page as listed")
            leaves += descriptor_leaves(page)
            for descriptor in page["descriptors"]:
                listed.append((row["stream"], descriptor["sequence"]))
                self.check_descriptor(descriptor, totals)
        require(merkle_root(leaves).hex() == point["merkleRoot"], "merkleRoot")
        require([len(listed), *totals] == [point["segments"], point["records"], point["bytes"],
                                           point["storedBytes"]], "counts")
        expected = []
        for coverage in point["coveredTo"]:
            stream, end = coverage["stream"], coverage["sequences"]
            expected += [(stream, n) for n in range(covered.pop(stream, 0), end)]
            require(self.manifests[stream, end - 1][1] == coverage["head"], "head of a stream")
        require(sorted(listed) == sorted(expected) and not covered, "coverage")
        covered |= {row["stream"]: row["sequences"] for row in point["coveredTo"]}

    def check_descriptor(self, descriptor, totals):
        place = descriptor["stream"], descriptor["sequence"]
        require(place in self.manifests, "a descriptor without its manifest")
        manifest, digest = self.manifests[place]
        same = {"name": "segment", "key": "key", "sha256": "storedSha256", "bytes": "storedBytes",
                "merkleRoot": "merkleRoot", "leafScheme": "leafScheme", "records": "records"}
        require(descriptor["manifestSha256"] == digest, "manifestSha256")
        for name, other in same.items():
            require(descriptor[name] == manifest[other], f"{name} of a descriptor")
        totals[0] += manifest["records"]
        totals[1] += manifest["bytes"]
        totals[2] += manifest["storedBytes"]

    def check_packages(self):
        for manifest, _ in self.manifests.values():
            require(manifest["keyEpoch"] in self.epochs, "keyEpoch")
            policy = self.policies.get(manifest["policyVersion"])
            require(policy, "policyVersion")
            check_package(self.get(manifest["key"]), manifest, self.epochs[manifest["keyEpoch"]],
                          policy["fieldMap"].get("time", ""))


# Proof files -------------------------------------------------------------------------------------

EVIDENCE = {"type", "formatVersion", "tenantId", "number", "record", "salt", "recordPath",
            "descriptor", "descriptorIndex", "descriptors", "descriptorPath", "points", "statement"}


def root_of_path(index, size, leaf, path):
    """RFC 9162, section 2.1.3.2."""
    require(0 <= index < size, "an index beyond the tree")
    first, last, root = index, size - 1, leaf
    for node in path:
        require(len(node) == 32 and last > 0, "length of a path")
        if first & 1 or first == last:
            root = hashlib.sha256(b"\1" + node + root).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = hashlib.sha256(b"\1" + root + node).digest()
        first, last = first >> 1, last >> 1
    require(last == 0, "length of a path")
    return root


def parse_proof(text):
    """C2SP tlog-proof: extra, index, path and note."""
    try:
        head, blank, note = text.decode("utf-8").partition("\n\n")
    except ValueError as error:
        raise Refused(str(error)) from error
    require(blank, "no checkpoint")
    lines = head.split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1" and len(lines) >= 3, "first line of a proof")
    require(lines[1].startswith("extra "), "no evidence")
    require(re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[2]), "index")
    return (unbase64(lines[1][6:]), int(lines[2][6:]), [unbase64(line) for line in lines[3:]],
            note.encode())


def unhex(text):
    require(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text), "a digest")
    return bytes.fromhex(text)


def check_proof(text, trust):
    """What the proof shows: the record, its place, its point, and the checkpoint."""
    extra, index, path, note = parse_proof(text)
    evidence = parse_stored(extra)
    require(set(evidence) - {"timestamps"} == EVIDENCE and evidence["type"] == "recordEvidence"
            and evidence["formatVersion"] == 1, "members of the evidence")
    tenant, row = evidence["tenantId"], evidence["descriptor"]
    salt_of_record, record = unbase64(evidence["salt"]), unbase64(evidence["record"])
    require(len(salt_of_record) == 16, "size of the salt")
    require(b"\n" not in record and len(record) <= 2**24, "a record")
    place = f"segments/{encode_name(tenant)}/{encode_name(row['stream'])}/{encode_name(row['name'])}."
    require(row["key"].startswith(place), "key of a package")
    require(set(row) == DESCRIPTOR and row["kind"] == "segment" and row["leafScheme"] == 1,
            "descriptor of the proof")
    root = root_of_path(evidence["number"], row["records"], leaf_hash(salt_of_record + record),
                        [unhex(node) for node in evidence["recordPath"]])
    require(root.hex() == row["merkleRoot"], "root over the records")
    stored = [canonical(point) for point in evidence["points"]]
    points = [check_document(point, "recoveryPoint", trust, tenant) for point in stored]
    require(points, "no point")
    for child, parent, data in zip(points, points[1:], stored[1:]):
        require(child.get("parent") == {"recoveryPointId": parent["recoveryPointId"],
                                        "sha256": sha256(data)}, "parent in the proof")
    require(any(each["stream"] == row["stream"] and row["sequence"] < each["sequences"]
                for each in points[0]["coveredTo"]), "segment beyond the point")
    require(evidence["descriptors"] == points[-1]["segments"], "number of descriptors in the proof")
    root = root_of_path(evidence["descriptorIndex"], points[-1]["segments"],
                        leaf_hash(canonical(row)),
                        [unhex(node) for node in evidence["descriptorPath"]])
    require(root.hex() == points[-1]["merkleRoot"], "root over the descriptors")
    replies = evidence.get("timestamps", [])
    require("timestamps" not in evidence or replies, "no time-stamp in the evidence")
    require_timestamp([unbase64(each) for each in replies], sha256(stored[0]), trust)
    entry = canonical(evidence["statement"])
    statement = check_document(entry, "statement", trust, tenant)
    require(statement["action"] == "recovery_point.completed", "action of the proof")
    require(is_origin(statement["origin"], trust), "origin of a ledger")
    require(statement["index"] == index, "index of the proof")
    require(statement["subjectId"] == points[0]["recoveryPointId"]
            and statement["subjectSha256"] == sha256(stored[0]), "subject of the statement")
    require(points[0]["ledgerSizeSeen"] <= index, "order in the ledger")
    checkpoint = open_checkpoint(note, trust, statement["createdAt"])
    require(checkpoint["origin"] == statement["origin"], "origin of the checkpoint")
    require_quorum(note, trust)
    root = root_of_path(index, checkpoint["size"], leaf_hash(entry), path)
    require(root.hex() == checkpoint["root"], "root of the checkpoint")
    return {"tenantId": tenant, "stream": row["stream"], "segment": row["name"],
            "record": evidence["number"], "recordBase64": evidence["record"],
            "recoveryPointId": points[0]["recoveryPointId"], "checkpoint": checkpoint}


# Exports -----------------------------------------------------------------------------------------

def check_export(files, trust):
    """A bundle's files by name: what its manifest says."""
    stored = files["manifest.json"]
    tenant = parse_stored(stored)["tenantId"]
    manifest = check_document(stored, "exportManifest", trust, tenant)
    listed = {row["file"]: row["sha256"] for row in manifest["hashes"]}
    sizes = {row["file"]: row["bytes"] for row in manifest["hashes"]}
    require(set(files) == {*listed, "manifest.json", "manifest-sha256.txt"}, "set of files")
    require(all(sha256(files[name]) == digest for name, digest in listed.items()), "digest of a file")
    require(all(len(files[name]) == size for name, size in sizes.items()), "size of a file")
    sums = sorted({**listed, "manifest.json": sha256(stored)}.items())
    require(files["manifest-sha256.txt"] == "".join(f"{digest}  {name}\n" for name, digest in sums).encode(),
            "sums of an export")
    unstamped = {k: v for k, v in manifest.items() if k not in ("tsa", "signature", "coSignatures")}
    replies = [unbase64(manifest["tsa"]["token"])] if "tsa" in manifest else []
    require_timestamp(replies, sha256(canonical(unstamped)), trust)
    lines, places = {}, set()
    for name in sorted(name for name in listed if name.startswith("proofs/")):
        shown = check_proof(files[name], trust)
        segment = f"{encode_name(shown['stream'])}/{encode_name(shown['segment'])}"
        require(name == f"proofs/{segment}/{shown['record']:020}.txt", "place of a proof")
        require(shown["tenantId"] == tenant, "tenant of an export")
        require(shown["recoveryPointId"] == manifest["recoveryPointId"], "point of an export")
        require(parse_proof(files[name])[3] == files["checkpoint.txt"], "checkpoint of an export")
        lines.setdefault(f"data/{segment}.jsonl", []).append(unbase64(shown["recordBase64"]) + b"\n")
        places.add((shown["stream"].encode(), shown["segment"].encode()))
    data = {name for name in listed if name.startswith("data/")}
    require(lines and all(files.get(name) == b"".join(text) for name, text in lines.items()),
            "records of an export")
    require(data <= set(lines), "records without proofs")
    require(all(name == "checkpoint.txt" or name.startswith(("data/", "proofs/")) for name in listed),
            "kind of a file")
    require(manifest["counts"]["rows"] == sum(map(len, lines.values())), "rows of an export")
    require([(row["stream"].encode(), row["fromSeg"].encode(), row["toSeg"].encode())
             for row in manifest["proofRefs"]]
            == [(stream, min(of), max(of)) for stream, of in sorted(segments_of(places).items())],
            "ranges of an export")
    return manifest


def segments_of(places):
    streams = {}
    for stream, segment in places:
        streams.setdefault(stream, set()).add(segment)
    return streams


# The command -------------------------------------------------------------------------------------

class Store(dict):
    """The objects of a store's folder, read when they are looked at; what is none is passed over."""

    def __init__(self, folder):
        super().__init__((str(path.relative_to(folder)), path)
                         for path in folder.rglob("*")
                         if KEY.fullmatch(str(path.relative_to(folder)))
                         and stat.S_ISREG(path.lstat().st_mode))

    def __getitem__(self, key):
        return super().__getitem__(key).read_bytes()


def read_trust(path):
    trust = parse_json(path.read_bytes())
    require(trust.get("type") == "trustPolicy" and trust.get("formatVersion") == 1, "trust policy")
    members = {"type", "formatVersion", "vaultId", "domain", "keys"}
    require(members <= set(trust) <= members | {"witnesses", "timestamps", "approvals"}, "trust policy")
    keys = [key["publicKey"] for key in trust["keys"]]
    require(keys and len(set(keys)) == len(keys), "a key twice in the trust policy")
    names = {key["name"] for key in trust["keys"] if key["role"] == "witness"}
    require(bool(names) == ("witnesses" in trust), "witnesses of the trust policy")
    if names:
        require(1 <= trust["witnesses"]["threshold"] <= len(names), "threshold of the trust policy")
    return trust


def verify_vault(options):
    store, trust = Store(options.store), read_trust(options.trust)
    identity = options.identity.read_bytes() if options.identity else None
    tenants = sorted({decode_name(key.split("/")[1]) for key in store
                      if key.startswith(("ledger/", "recovery-points/", "manifests/"))})
    if options.point:
        tenants = [tenant for tenant in tenants
                   if f"recovery-points/{encode_name(tenant)}/{options.point}.json" in store]
        require(tenants, "no such point")
    for tenant in tenants:
        if options.tenant not in (None, tenant):
            continue
        vault = Vault(store, trust, identity, tenant)
        if options.point:
            vault.verify(options.point)
            print(f"{tenant}: {options.point} verified")
        else:
            print(f"{tenant}: {vault.verify_all()} points verified")


def verify_proof(options):
    print(json.dumps(check_proof(options.file.read_bytes(), read_trust(options.trust))))


def verify_export(options):
    files = {}
    for path in options.folder.rglob("*"):
        kind = path.lstat().st_mode
        require(stat.S_ISREG(kind) or (stat.S_ISDIR(kind) and any(path.iterdir())), "kind of an entry")
        if stat.S_ISREG(kind):
            files[str(path.relative_to(options.folder))] = path.read_bytes()
    manifest = check_export(files, read_trust(options.trust))
    print(f"{manifest['manifestId']}: {manifest['counts']['rows']} records verified")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    vault = verbs.add_parser("vault")
    vault.set_defaults(verb=verify_vault)
    vault.add_argument("store", type=pathlib.Path)
    vault.add_argument("trust", type=pathlib.Path)
    vault.add_argument("--identity", type=pathlib.Path)
    vault.add_argument("--tenant")
    vault.add_argument("--point", help="this one alone")
    proof = verbs.add_parser("proof")
    proof.set_defaults(verb=verify_proof)
    proof.add_argument("file", type=pathlib.Path)
    proof.add_argument("trust", type=pathlib.Path)
    export = verbs.add_parser("export")
    export.set_defaults(verb=verify_export)
    export.add_argument("folder", type=pathlib.Path)
    export.add_argument("trust", type=pathlib.Path)
    options = parser.parse_args()
    try:
        options.verb(options)
    except (Refused, *MALFORMED) as refusal:
        print(f"refused: {type(refusal).__name__}: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
