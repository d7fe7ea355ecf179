package main

import (
	"encoding/base64"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	origin      = "go.example/log"
	cosignTime  = 1_700_000_000
	smallSizes  = 40
	randomCount = 200
)

// maker makes everything that check looks at, with sumdb/note and sumdb/tlog.
type maker struct {
	folder  string
	random  *rand.Rand // reproducible; nothing here is secret
	log     note.Signer
	witness *cosigner
	tree    *tree
}

func makeAll(folder string, entries int64) error {
	m := &maker{folder: folder, random: rand.New(rand.NewSource(20)), tree: &tree{}}
	for _, step := range []func() error{
		m.makeKeys, m.makeNotes, func() error { return m.makeLogs(entries) }, m.makeProofs,
		m.makeReceipts,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) write(name string, data []byte) error {
	path := filepath.Join(m.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

func (m *maker) makeKeys() error {
	skey, vkey, err := note.GenerateKey(m.random, origin)
	if err != nil {
		return err
	}
	if m.log, err = note.NewSigner(skey); err != nil {
		return err
	}
	m.witness = newCosigner("go.example/witness", 7, cosignTime)
	if err := m.write("log.vkey", []byte(vkey+"\n")); err != nil {
		return err
	}
	return m.write("witness.vkey", []byte(m.witness.vkey()+"\n"))
}

func (m *maker) makeNotes() error {
	texts := []string{
		"one line\n",
		"\n",
		"blank lines\n\n\nbetween and behind\n\n",
		"— looks.like.a/signature AAAAAAA=\n",
		"Wörter — ψ 🦴\n",
		strings.Repeat("long ", 2_000) + "\n",
	}
	for i, text := range texts {
		var signers []note.Signer
		var skeys, vkeys string
		for k := 0; k <= i%3; k++ {
			skey, vkey, err := note.GenerateKey(m.random, fmt.Sprintf("signer%d.example/ключ", k))
			if err != nil {
				return err
			}
			s, err := note.NewSigner(skey)
			if err != nil {
				return err
			}
			signers = append(signers, s)
			skeys += skey + "\n"
			vkeys += vkey + "\n"
		}
		msg, err := note.Sign(&note.Note{Text: text}, signers...)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("notes/%d", i)
		for suffix, data := range map[string]string{
			".note": string(msg), ".text": text, ".vkeys": vkeys, ".skeys": skeys,
		} {
			if err := m.write(name+suffix, []byte(data)); err != nil {
				return err
			}
		}
	}
	return nil
}

func logSizes(entries int64) []int64 {
	sizes := []int64{}
	for _, size := range []int64{1, 2, 255, 256, 257, 1000, 65_536} {
		if size < entries {
			sizes = append(sizes, size)
		}
	}
	return append(sizes, entries)
}

func (m *maker) makeLogs(entries int64) error {
	for _, size := range logSizes(entries) {
		for m.tree.size() < size {
			entry := make([]byte, m.random.Intn(200))
			m.random.Read(entry)
			if err := m.tree.add(entry); err != nil {
				return err
			}
		}
		if err := m.makeLog(size); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) checkpoint(size int64, signers ...note.Signer) ([]byte, error) {
	root, err := m.tree.root(size)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root[:]))
	return note.Sign(&note.Note{Text: text}, signers...)
}

func (m *maker) makeLog(size int64) error {
	prefix := fmt.Sprintf("logs/%d/", size)
	for _, t := range tilesOf(size) {
		data, err := tlog.ReadTileData(t, m.tree)
		if err != nil {
			return err
		}
		if err := m.write(prefix+tilePath(t), data); err != nil {
			return err
		}
		if t.L == 0 {
			begin := t.N * 256
			bundle := encodeBundle(m.tree.entries[begin : begin+int64(t.W)])
			if err := m.write(prefix+entriesPath(t), bundle); err != nil {
				return err
			}
		}
	}
	msg, err := m.checkpoint(size, m.log)
	if err != nil {
		return err
	}
	return m.write(prefix+"checkpoint", msg)
}

// pairs gives first < or <= second, all of the small sizes and some of the others.
func (m *maker) pairs() [][2]int64 {
	var out [][2]int64
	for size := int64(1); size <= smallSizes && size <= m.tree.size(); size++ {
		for first := int64(1); first <= size; first++ {
			out = append(out, [2]int64{first, size})
		}
	}
	for i := 0; i < randomCount; i++ {
		size := 1 + m.random.Int63n(m.tree.size())
		out = append(out, [2]int64{1 + m.random.Int63n(size), size})
	}
	return out
}

func (m *maker) makeProofs() error {
	var out strings.Builder
	known := map[int64]bool{}
	root := func(size int64) error {
		if known[size] {
			return nil
		}
		known[size] = true
		hash, err := m.tree.root(size)
		fmt.Fprintf(&out, "root %d %v\n", size, hash)
		return err
	}
	for _, pair := range m.pairs() {
		first, size := pair[0], pair[1]
		if err := root(first); err != nil {
			return err
		}
		if err := root(size); err != nil {
			return err
		}
		record, err := tlog.ProveRecord(size, first-1, m.tree)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "record %d %d%s\n", first-1, size, joinHashes(record))
		consistency, err := tlog.ProveTree(size, first, m.tree)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "tree %d %d%s\n", first, size, joinHashes(consistency))
	}
	return m.write("proofs.txt", []byte(out.String()))
}

func joinHashes(hashes []tlog.Hash) string {
	var out strings.Builder
	for _, hash := range hashes {
		out.WriteString(" " + hash.String())
	}
	return out.String()
}

func (m *maker) makeReceipts() error {
	size := m.tree.size()
	msg, err := m.checkpoint(size, m.log, m.witness)
	if err != nil {
		return err
	}
	for i := int64(0); i < 20; i++ {
		index := i * (size - 1) / 19
		proof, err := tlog.ProveRecord(size, index, m.tree)
		if err != nil {
			return err
		}
		text := "c2sp.org/tlog-proof@v1\n"
		if i%2 == 1 {
			text += "extra " + base64.StdEncoding.EncodeToString([]byte("anything")) + "\n"
		}
		text += fmt.Sprintf("index %d\n", index)
		for _, hash := range proof {
			text += hash.String() + "\n"
		}
		text += "\n" + string(msg)
		if err := m.write(fmt.Sprintf("receipts/%d.tlog-proof", index), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}
