package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is a Merkle tree that sumdb/tlog makes, in memory.
type tree struct {
	entries [][]byte
	hashes  []tlog.Hash // in the order of tlog.StoredHashIndex
}

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		out[i] = t.hashes[index]
	}
	return out, nil
}

func (t *tree) size() int64 { return int64(len(t.entries)) }

func (t *tree) add(entry []byte) error {
	hashes, err := tlog.StoredHashes(t.size(), entry, t)
	if err != nil {
		return err
	}
	t.entries = append(t.entries, entry)
	t.hashes = append(t.hashes, hashes...)
	return nil
}

func (t *tree) root(size int64) (tlog.Hash, error) {
	if size == 0 {
		return tlog.Hash{}, fmt.Errorf("sumdb/tlog has no root of nothing")
	}
	return tlog.TreeHash(size, t)
}

// tilesOf gives the tiles of a tree. tlog.NewTiles gives each partial tile in all widths up to its
// own, the widest last.
func tilesOf(size int64) []tlog.Tile {
	var out []tlog.Tile
	for _, t := range tlog.NewTiles(8, 0, size) {
		if n := len(out); n > 0 && out[n-1].L == t.L && out[n-1].N == t.N {
			out[n-1] = t
		} else {
			out = append(out, t)
		}
	}
	return out
}

// tilePath gives the path of C2SP tlog-tiles, which leaves out the height.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
}

func entriesPath(t tlog.Tile) string {
	t.L = 0
	return "tile/entries/" + strings.TrimPrefix(t.Path(), "tile/8/0/")
}

func encodeBundle(entries [][]byte) []byte {
	var out []byte
	for _, entry := range entries {
		out = binary.BigEndian.AppendUint16(out, uint16(len(entry)))
		out = append(out, entry...)
	}
	return out
}

func decodeBundle(data []byte, width int) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("entry bundle is cut off")
		}
		n := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+n])
		data = data[2+n:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("%d entries in a bundle of %d", len(entries), width)
	}
	return entries, nil
}

// folderTiles is a tlog.TileReader over a published log.
type folderTiles struct{ folder string }

func (f folderTiles) Height() int { return 8 }

func (f folderTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(f.folder, tilePath(t)))
		if err != nil {
			return nil, err
		}
		if len(data) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", tilePath(t), len(data))
		}
		out = append(out, data)
	}
	return out, nil
}

func (f folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}
