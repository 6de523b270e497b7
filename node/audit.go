package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"lintas/platform/audit"
)

// logOrigin names this node's log in its checkpoints.
func (n *Node) logOrigin() string { return "lintas-node-" + n.logKeyName() }

func (n *Node) logKeyName() string {
	public := n.logKey().Public().(ed25519.PublicKey)
	h := sha256.Sum256(public)
	return fmt.Sprintf("%x", h[:6])
}

// logKey signs checkpoints; it follows from the key-encryption key, so it needs no file of its own.
func (n *Node) logKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(n.Keys.Derive("audit checkpoint"))
}

// signer writes the C2SP signed-note form of logKey.
func (n *Node) signer() (note.Signer, note.Verifier, error) {
	key, name := n.logKey(), n.logOrigin()
	public := append([]byte{1}, key.Public().(ed25519.PublicKey)...)
	h := sha256.Sum256(append([]byte(name+"\n"), public...))
	hash := binary.BigEndian.Uint32(h[:4])
	private := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...)))
	s, err := note.NewSigner(private)
	if err != nil {
		return nil, nil, err
	}
	v, err := note.NewVerifier(fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(public)))
	return s, v, err
}

func (n *Node) checkpointFile() string { return filepath.Join(n.Config.Data, "audit-checkpoint") }

// checkpoint signs the log's head into a file beside the database, so that a log cut short is found. The file is
// replaced only while the log goes on from it: else the proof would vanish within ten minutes.
func (n *Node) checkpoint(ctx context.Context) error {
	signer, verifier, err := n.signer()
	if err != nil {
		return err
	}
	if err := n.goesOn(ctx, verifier); err != nil {
		return fmt.Errorf("%s is kept as it is: %w", n.checkpointFile(), err)
	}
	signed, err := audit.Checkpoint(ctx, n.DB, n.logOrigin(), signer)
	if err != nil || signed == nil {
		return err
	}
	return replaceFile(n.checkpointFile(), signed)
}

// goesOn reports why the log does not go on from the last checkpoint; nil when there is none yet.
func (n *Node) goesOn(ctx context.Context, verifier note.Verifier) error {
	signed, err := os.ReadFile(n.checkpointFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return audit.CheckCheckpoint(ctx, n.DB, n.logOrigin(), signed, verifier)
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-"+rand.Text()[:8])
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// VerifyAudit proves the whole audit log, the rows it vouches for, and that it goes on from the last
// checkpoint.
func (n *Node) VerifyAudit(ctx context.Context, progress func(done, of int64)) (audit.Report, error) {
	report, err := audit.Verify(ctx, n.DB, n.storedKinds(), progress, takeAway...)
	if err != nil {
		return report, err
	}
	_, verifier, err := n.signer()
	if err != nil {
		return report, err
	}
	if err := n.goesOn(ctx, verifier); err != nil {
		report.Problems = append(report.Problems, err.Error())
	}
	if !report.OK() {
		return report, nil // the old checkpoint stays as evidence
	}
	return report, n.checkpoint(ctx)
}
