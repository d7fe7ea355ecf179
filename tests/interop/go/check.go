package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checker holds what the parts of a check need of each other.
type checker struct {
	folder  string
	log     note.Verifier
	witness *cosigner
	origin  string
	largest *tree // entries of the largest log
	roots   map[int64]tlog.Hash
}

func check(folder string) error {
	c := &checker{folder: folder, roots: map[int64]tlog.Hash{}}
	for _, part := range []struct {
		name string
		run  func() (int, error)
	}{
		{"keys", c.checkKeys},
		{"notes", c.checkNotes},
		{"logs", c.checkLogs},
		{"proofs", c.checkProofs},
		{"receipts", c.checkReceipts},
	} {
		n, err := part.run()
		if err != nil {
			return fmt.Errorf("%s: %v", part.name, err)
		}
		if n == 0 {
			return fmt.Errorf("%s: there are none", part.name)
		}
		fmt.Printf("Go checked %d %s\n", n, part.name)
	}
	return nil
}

func (c *checker) read(name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(c.folder, name))
	return string(data), err
}

func (c *checker) lines(name string) ([]string, error) {
	text, err := c.read(name)
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n"), nil
}

func (c *checker) checkKeys() (int, error) {
	vkey, err := c.lines("log.vkey")
	if err != nil {
		return 0, err
	}
	if c.log, err = note.NewVerifier(vkey[0]); err != nil {
		return 0, err
	}
	c.origin = c.log.Name()
	if vkey, err = c.lines("witness.vkey"); err != nil {
		return 0, err
	}
	c.witness, err = parseCosignerKey(vkey[0])
	return 2, err
}

// checkNotes opens each note with the keys that signed it, and signs its text again: Ed25519 is
// deterministic, so the bytes must be the same.
func (c *checker) checkNotes() (int, error) {
	names, err := filepath.Glob(filepath.Join(c.folder, "notes", "*.note"))
	if err != nil {
		return 0, err
	}
	for _, path := range names {
		name := "notes/" + strings.TrimSuffix(filepath.Base(path), ".note")
		if err := c.checkNote(name); err != nil {
			return 0, fmt.Errorf("%s: %v", name, err)
		}
	}
	return len(names), nil
}

func (c *checker) checkNote(name string) error {
	msg, err := c.read(name + ".note")
	if err != nil {
		return err
	}
	text, err := c.read(name + ".text")
	if err != nil {
		return err
	}
	vkeys, err := c.lines(name + ".vkeys")
	if err != nil {
		return err
	}
	skeys, err := c.lines(name + ".skeys")
	if err != nil {
		return err
	}
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, v)
	}
	var signers []note.Signer
	for _, skey := range skeys {
		s, err := note.NewSigner(skey)
		if err != nil {
			return err
		}
		signers = append(signers, s)
	}
	known := note.VerifierList(verifiers...)
	n, err := note.Open([]byte(msg), known)
	if err != nil {
		return err
	}
	if n.Text != text || len(n.Sigs) != len(verifiers) || len(n.UnverifiedSigs) != 0 {
		return fmt.Errorf("another text or other signatures")
	}
	again, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return err
	}
	if string(again) != msg {
		return fmt.Errorf("signing again gives other bytes")
	}
	return refuseFlips([]byte(msg), func(changed []byte) bool {
		// A signature under another name is one of an unknown key: the note opens without it.
		n, err := note.Open(changed, known)
		return err == nil && len(n.Sigs) == len(verifiers)
	})
}

// refuseFlips flips one bit in about 200 bytes of the text. The character before the padding of a base64 text is
// left out: Go ignores its last bits, so that a change of them is none.
func refuseFlips(data []byte, accepts func([]byte) bool) error {
	step := 1 + len(data)/200
	for i := 0; i < len(data); i += step {
		if i+1 < len(data) && data[i+1] == '=' {
			continue
		}
		changed := append([]byte(nil), data...)
		changed[i] ^= 1 << uint(i%8)
		if accepts(changed) {
			return fmt.Errorf("accepted with a bit flipped in byte %d", i)
		}
	}
	return nil
}

// openCheckpoint opens a checkpoint with the key of the log, and of the witness if it is required.
func (c *checker) openCheckpoint(msg string, cosigned bool) (tlog.Tree, error) {
	verifiers := []note.Verifier{c.log}
	if cosigned {
		verifiers = append(verifiers, c.witness)
	}
	n, err := note.Open([]byte(msg), note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(n.Sigs) != len(verifiers) {
		return tlog.Tree{}, fmt.Errorf("%d verified signatures, want %d", len(n.Sigs), len(verifiers))
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != c.origin || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", c.origin, n.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func (c *checker) checkLogs() (int, error) {
	names, err := filepath.Glob(filepath.Join(c.folder, "logs", "*"))
	if err != nil {
		return 0, err
	}
	sizes := make([]int64, 0, len(names))
	for _, name := range names {
		size, err := strconv.ParseInt(filepath.Base(name), 10, 64)
		if err != nil {
			return 0, err
		}
		sizes = append(sizes, size)
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	for _, size := range sizes {
		if err := c.checkLog(size); err != nil {
			return 0, fmt.Errorf("log of %d entries: %v", size, err)
		}
	}
	return len(sizes), nil
}

// checkLog makes the tree of all entries anew and compares the checkpoint and each tile with it;
// then reads all leaf hashes as a client would, through tlog.TileHashReader.
func (c *checker) checkLog(size int64) error {
	folder := filepath.Join(c.folder, "logs", strconv.FormatInt(size, 10))
	msg, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	head, err := c.openCheckpoint(string(msg), false)
	if err != nil {
		return err
	}
	if head.N != size {
		return fmt.Errorf("the checkpoint is of %d entries", head.N)
	}
	made := &tree{}
	tiles := tilesOf(size)
	for _, t := range tiles {
		if t.L == 0 {
			if err := addBundle(made, folder, t); err != nil {
				return err
			}
		}
	}
	root, err := made.root(size)
	if err != nil {
		return err
	}
	if root != head.Hash {
		return fmt.Errorf("the entries have the root %v, the checkpoint has %v", root, head.Hash)
	}
	for _, t := range tiles {
		want, err := tlog.ReadTileData(t, made)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(folder, tilePath(t)))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not the tile of its entries", tilePath(t))
		}
	}
	c.largest = made
	return readAllLeaves(head, folder, made)
}

func addBundle(made *tree, folder string, t tlog.Tile) error {
	data, err := os.ReadFile(filepath.Join(folder, entriesPath(t)))
	if err != nil {
		return err
	}
	entries, err := decodeBundle(data, t.W)
	if err != nil {
		return fmt.Errorf("%s: %v", entriesPath(t), err)
	}
	for _, entry := range entries {
		if err := made.add(entry); err != nil {
			return err
		}
	}
	return nil
}

func readAllLeaves(head tlog.Tree, folder string, made *tree) error {
	const step = 256
	reader := tlog.TileHashReader(head, folderTiles{folder})
	for begin := int64(0); begin < head.N; begin += step {
		var indexes []int64
		for i := begin; i < begin+step && i < head.N; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, hash := range hashes {
			if hash != tlog.RecordHash(made.entries[begin+int64(i)]) {
				return fmt.Errorf("leaf %d has another hash", begin+int64(i))
			}
		}
	}
	return nil
}

// checkProofs reads proofs.txt: lines "root SIZE HASH", "record INDEX SIZE HASH..." and
// "tree OLD NEW HASH...".
func (c *checker) checkProofs() (int, error) {
	lines, err := c.lines("proofs.txt")
	if err != nil {
		return 0, err
	}
	for i, line := range lines {
		if err := c.checkProofLine(strings.Split(line, " ")); err != nil {
			return 0, fmt.Errorf("line %d: %v", i+1, err)
		}
	}
	return len(lines), nil
}

func parseHashes(words []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, word := range words {
		h, err := tlog.ParseHash(word)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

func (c *checker) checkProofLine(words []string) error {
	if words[0] == "root" && len(words) == 3 {
		return c.checkRoot(words)
	}
	if len(words) < 3 {
		return fmt.Errorf("too short")
	}
	first, err1 := strconv.ParseInt(words[1], 10, 64)
	size, err2 := strconv.ParseInt(words[2], 10, 64)
	hashes, err3 := parseHashes(words[3:])
	if err1 != nil || err2 != nil || err3 != nil {
		return fmt.Errorf("malformed: %v %v %v", err1, err2, err3)
	}
	root, ok := c.roots[size]
	if !ok {
		return fmt.Errorf("no root of size %d before it", size)
	}
	var verify func([]tlog.Hash) error
	switch words[0] {
	case "record":
		leaf := tlog.RecordHash(c.largest.entries[first])
		verify = func(p []tlog.Hash) error { return tlog.CheckRecord(p, size, root, first, leaf) }
	case "tree":
		old, ok := c.roots[first]
		if !ok {
			return fmt.Errorf("no root of size %d before it", first)
		}
		verify = func(p []tlog.Hash) error { return tlog.CheckTree(p, size, root, first, old) }
	default:
		return fmt.Errorf("unknown kind %q", words[0])
	}
	if err := verify(hashes); err != nil {
		return err
	}
	for i := range hashes {
		changed := append([]tlog.Hash(nil), hashes...)
		changed[i][i%tlog.HashSize] ^= 1
		if verify(changed) == nil {
			return fmt.Errorf("accepted with a bit flipped in hash %d", i)
		}
	}
	return nil
}

func (c *checker) checkRoot(words []string) error {
	size, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(words[2])
	if err != nil {
		return err
	}
	want, err := c.largest.root(size)
	if err != nil {
		return err
	}
	if root != want {
		return fmt.Errorf("the root of %d entries is %v", size, want)
	}
	c.roots[size] = root
	return nil
}

func (c *checker) checkReceipts() (int, error) {
	names, err := filepath.Glob(filepath.Join(c.folder, "receipts", "*.tlog-proof"))
	if err != nil {
		return 0, err
	}
	for _, path := range names {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		if err := c.checkReceipt(filepath.Base(path), string(text)); err != nil {
			return 0, fmt.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	return len(names), nil
}

// checkReceipt reads a receipt (C2SP tlog-proof) of the entry whose index its file is named after.
func (c *checker) checkReceipt(file, text string) error {
	index, err := strconv.ParseInt(strings.SplitN(file, ".", 2)[0], 10, 64)
	if err != nil {
		return err
	}
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a tlog-proof")
	}
	lines = lines[1:]
	if extra, ok := cutPrefix(lines[0], "extra "); ok {
		if _, err := base64.StdEncoding.DecodeString(extra); err != nil {
			return err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || lines[0] != fmt.Sprintf("index %d", index) {
		return fmt.Errorf("not of entry %d", index)
	}
	proof, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	tree, err := c.openCheckpoint(checkpoint, true)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(c.largest.entries[index])
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
		return err
	}
	return refuseFlips([]byte(checkpoint), func(changed []byte) bool {
		_, err := c.openCheckpoint(string(changed), true)
		return err == nil
	})
}

func cutPrefix(s, prefix string) (string, bool) {
	return strings.TrimPrefix(s, prefix), strings.HasPrefix(s, prefix)
}
