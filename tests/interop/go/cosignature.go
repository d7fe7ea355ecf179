package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// Cosignatures (C2SP tlog-cosignature v1), which sumdb/note does not know: written from the
// specification, on the standard library alone.

const algCosignature = 4

type cosigner struct {
	name string
	hash uint32
	pub  ed25519.PublicKey
	priv ed25519.PrivateKey
	time uint64 // of cosignatures that it makes
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func cosignatureKeyHash(name string, pub []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{algCosignature})
	h.Write(pub)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func cosignedMessage(time uint64, text []byte) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), text...)
}

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(c.pub, cosignedMessage(binary.BigEndian.Uint64(sig), msg), sig[8:])
}

func (c *cosigner) Sign(msg []byte) ([]byte, error) {
	sig := binary.BigEndian.AppendUint64(nil, c.time)
	return append(sig, ed25519.Sign(c.priv, cosignedMessage(c.time, msg))...), nil
}

func (c *cosigner) vkey() string {
	key := append([]byte{algCosignature}, c.pub...)
	return fmt.Sprintf("%s+%08x+%s", c.name, c.hash, base64.StdEncoding.EncodeToString(key))
}

func newCosigner(name string, seed byte, time uint64) *cosigner {
	priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	pub := priv.Public().(ed25519.PublicKey)
	return &cosigner{name, cosignatureKeyHash(name, pub), pub, priv, time}
}

func parseCosignerKey(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed witness key %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature {
		return nil, fmt.Errorf("malformed witness key %q", vkey)
	}
	c := &cosigner{name: parts[0], pub: ed25519.PublicKey(key[1:])}
	c.hash = cosignatureKeyHash(c.name, c.pub)
	if fmt.Sprintf("%08x", c.hash) != parts[1] {
		return nil, fmt.Errorf("the id of witness key %q is wrong", vkey)
	}
	return c, nil
}
