#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes rules out of the stranger's verifier, one by one: without each of them it must miss a forgery
that it sees otherwise, among the vectors and the changed bytes of the golden vault. So a vector is
refused for the reason it is there for, and a verifier that forgets a rule is seen."""
import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/stranger"), str(SOURCE / "tests/format")]
import check_vectors  # noqa: E402
import verify  # noqa: E402

# The others are caught twice, by a digest or a signature as well, or lie on the way to one of these.
RULES = {
    "a key stands twice", "not canonical", "U+007F",
    "base64 that is not canonical", "type", "tenantId", "the index is cut", "merkleRoot", "counts",
    "coverage", "root of the ledger", "size", "no trusted key signed it", "lines of the body",
    "digest in the ledger", "digest of a parent", "first line of a proof", "index",
    "root over the records", "number of descriptors in the proof", "root over the descriptors",
    "root of the checkpoint", "members", "order of times", "no co-signature", "a signer twice",
    "parent of a point", "predecessor", "leaf scheme of a manifest", "field map", "no recipient",
    "too few witnesses", "no time-stamp", "a time-stamp", "set of files",
    "sums of an export", "place of a proof", "tenant of an export", "point of an export",
    "checkpoint of an export", "records of an export", "records without proofs", "kind of a file",
    "rows of an export", "ranges of an export", "order of files", "order of ranges",
    "number of files", "number of co-signatures", "size of a file", "bytes of an export", "format of an export", "tsa",
}


strict = verify.require


def run_without(rule):
    """What is missed where the rule does not count: a case, or an error that is no refusal."""
    def lenient(condition, what):
        if what != rule and not condition:
            raise verify.Refused(what)

    verify.require = check_vectors.require = lenient
    try:
        vectors = check_vectors.Vectors(SOURCE)
        return vectors.run()[1] or vectors.self_test()[1]
    except Exception as error:  # What it goes on with makes no sense any more.
        return [f"{type(error).__name__}: {error}"]
    finally:
        verify.require = check_vectors.require = strict


def main():
    source = pathlib.Path(verify.__file__).read_text()
    wrong = [f"no such rule: {rule}" for rule in sorted(RULES) if f'"{rule}")' not in source]
    wrong += [f"nothing is missed without: {rule}" for rule in sorted(RULES) if not run_without(rule)]
    print(*wrong, f"{len(RULES)} rules, {len(wrong)} wrong", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
