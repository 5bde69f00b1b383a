// SPDX-License-Identifier: Apache-2.0

// Other people's C2SP clients on what we wrote.
//
//	interop fsck FOLDER VKEY       Tessera's fsck of a published ledger
//	interop entries FOLDER VKEY    torchwood reads every entry, proven to the checkpoint
//	interop proof FILE VKEY        torchwood checks a proof file; its entry is the statement within
//	interop cosigned FILE VKEY WITNESS
//	                               torchwood checks a checkpoint and the witness's cosignature of it
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func leafHashes(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func checkFolder(folder string, verifier note.Verifier) error {
	source := &client.FileFetcher{Root: folder}
	return fsck.New(verifier.Name(), verifier, source, leafHashes, fsck.Opts{N: 1}).Check(context.Background())
}

func readEntries(folder string, verifier note.Verifier) error {
	signed, err := os.ReadFile(folder + "/checkpoint")
	if err != nil {
		return err
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(verifier.Name()),
		torchwood.SingleVerifierPolicy(verifier))
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return err
	}
	tiles, err := torchwood.NewTileFS(os.DirFS(folder))
	if err != nil {
		return err
	}
	log, err := torchwood.NewClient(tiles)
	if err != nil {
		return err
	}
	var count int64
	for index, entry := range log.AllEntries(context.Background(), checkpoint.Tree, 0) {
		if index != count || !bytes.Contains(entry, fmt.Appendf(nil, `"index":%d,`, index)) {
			return fmt.Errorf("entry %d is not in its place", index)
		}
		count++
	}
	if log.Err() == nil && count != checkpoint.N {
		return fmt.Errorf("%d of %d entries", count, checkpoint.N)
	}
	return log.Err()
}

func checkProof(file string, verifier note.Verifier) error {
	proof, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	extra, err := torchwood.ProofExtraData(proof)
	if err != nil {
		return err
	}
	var evidence struct {
		Statement json.RawMessage `json:"statement"`
	}
	if err := json.Unmarshal(extra, &evidence); err != nil {
		return err
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(verifier.Name()),
		torchwood.SingleVerifierPolicy(verifier))
	return torchwood.VerifyProof(policy, tlog.RecordHash(evidence.Statement), proof)
}

func checkCosigned(file string, verifier note.Verifier) error {
	signed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	witness, err := torchwood.NewCosignatureVerifier(os.Args[4])
	if err != nil {
		return err
	}
	policy := torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(verifier.Name()),
		torchwood.SingleVerifierPolicy(verifier), torchwood.SingleVerifierPolicy(witness))
	_, _, err = torchwood.VerifyCheckpoint(signed, policy)
	return err
}

func main() {
	verbs := map[string]func(string, note.Verifier) error{
		"fsck": checkFolder, "entries": readEntries, "proof": checkProof,
		"cosigned": checkCosigned}
	arguments := map[string]int{"cosigned": 5}
	if len(os.Args) != max(arguments[os.Args[1]], 4) || verbs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: interop fsck|entries|proof|cosigned PATH VKEY [WITNESS]")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[3])
	if err == nil {
		err = verbs[os.Args[1]](os.Args[2], verifier)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
