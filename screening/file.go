package screening

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// Files are kept in the database in chunks, each sealed under a random key of the file; that key is sealed
// under the key of the person. So a file can be written while it arrives, before anybody knows whose it
// is, in pieces small enough not to hold up the single writer; and what a cut connection leaves behind
// can be read by nobody and is swept later (see docs/decisions/0060-files-in-the-database.md).

const (
	chunkSize = 256 << 10 // plain bytes in a chunk
	heldBytes = 1 << 20   // bytes of one posting kept in memory before they are written ahead
)

// incoming is a file on its way in. Its tail is in memory; chunks before it are in the database.
type incoming struct {
	id     string
	name   string // as the client wrote it
	typ    string
	key    []byte
	size   int64
	chunks int
	tail   []byte  // the chunk being filled, not written yet
	ready  []piece // sealed, to be written with the row
	hash   hash.Hash
}

func newIncoming(name, typ string) (*incoming, error) {
	f := &incoming{id: id.New(), name: name, typ: typ, key: make([]byte, 32), hash: sha256.New()}
	_, err := rand.Read(f.key)
	return f, err
}

// incomingBytes is a file that is all in memory already.
func incomingBytes(name, typ string, data []byte) (*incoming, error) {
	f, err := newIncoming(name, typ)
	if err != nil {
		return nil, err
	}
	f.hash.Write(data)
	f.size, f.tail = int64(len(data)), data
	return f, nil
}

func (f *incoming) sum() string { return hex.EncodeToString(f.hash.Sum(nil)) }

// fileMeta is what the sealed column of a file holds.
type fileMeta struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Key    []byte `json:"key"`
	Chunks int    `json:"chunks"`
}

func chunkAEAD(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(b)
}

func chunkPlace(file string, n int) []byte { return fmt.Appendf(nil, "screening_chunk %s %d", file, n) }

// spool takes the files of one posting. It writes ahead once more than heldBytes are in memory.
type spool struct {
	desk *Desk
	held int
	open []*incoming // with bytes in memory
}

// read takes a whole part. The error of the reader is returned as it is; what was written ahead is swept
// later by the job.
func (s *spool) read(ctx context.Context, f *incoming, r io.Reader) error {
	s.open = append(s.open, f)
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			f.hash.Write(buf[:n])
			f.size += int64(n)
			f.tail = append(f.tail, buf[:n]...)
			s.held += n
			if e := s.relieve(ctx); e != nil {
				return e
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// relieve writes chunks ahead when too much is held in memory.
func (s *spool) relieve(ctx context.Context) error {
	if s.held <= heldBytes {
		return nil
	}
	for _, f := range s.open {
		pieces, err := f.cut()
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if err := s.desk.db.Write(ctx, func(t *db.Tx) error { return insertChunk(t, f.id, p, s.desk.clock.Now()) }); err != nil {
				return err
			}
		}
	}
	s.held, s.open = 0, s.open[len(s.open)-1:]
	return nil
}

type piece struct {
	n      int
	sealed []byte
}

// cut seals everything in memory as chunks of at most chunkSize.
func (f *incoming) cut() ([]piece, error) {
	aead, err := chunkAEAD(f.key)
	if err != nil {
		return nil, err
	}
	var out []piece
	for len(f.tail) > 0 {
		n := min(len(f.tail), chunkSize)
		out = append(out, piece{f.chunks, aead.Seal(nil, nil, f.tail[:n], chunkPlace(f.id, f.chunks))})
		f.tail = f.tail[n:]
		f.chunks++
	}
	f.tail = nil
	return out, nil
}

func insertChunk(t *db.Tx, file string, p piece, now time.Time) error {
	_, err := t.Exec(`INSERT INTO screening_chunk (file, n, made_at, sealed) VALUES (?,?,?,?)`, file, p.n, clock.Millis(now), p.sealed)
	return err
}

// storedFile is a file's row.
type storedFile struct {
	ID         string
	Owner      string
	Part       string
	NameMark   string
	Mark       string
	Size       int64
	ReceivedAt time.Time
	Flag       string
	Sealed     []byte
	pieces     []piece // still to be written with the row
}

// sealFile makes the row of an incoming file for a person and an owner.
func (d *Desk) sealFile(ctx context.Context, f *incoming, person, owner, part, flag string, now time.Time) (storedFile, error) {
	pieces, err := f.cut()
	if err != nil {
		return storedFile{}, err
	}
	f.ready = append(f.ready, pieces...)
	meta, err := json.Marshal(fileMeta{f.name, f.typ, f.key, f.chunks})
	if err != nil {
		return storedFile{}, err
	}
	sealed, err := d.keys.Seal(ctx, person, keys.Place{Table: "screening_file", Row: f.id, Field: "sealed"}, meta)
	return storedFile{ID: f.id, Owner: owner, Part: part, NameMark: d.nameMark(f.name), Mark: d.contentMark(f.sum()), Size: f.size,
		ReceivedAt: now, Flag: flag, Sealed: sealed, pieces: f.ready}, err
}

func (d *Desk) nameMark(name string) string {
	return d.keys.Index("screening.file-name", sameName(name))
}

// sameName is equal for names that look the same: phones and computers spell é, or a Vietnamese vowel with its
// tone, as one character or as several (Unicode normalisation).
func sameName(name string) string { return norm.NFC.String(cleanName(name)) }

func (d *Desk) contentMark(sum string) string { return d.keys.Index("screening.file", sum) }

func insertFile(t *db.Tx, f storedFile) error {
	for _, p := range f.pieces {
		if err := insertChunk(t, f.ID, p, f.ReceivedAt); err != nil {
			return err
		}
	}
	_, err := t.Exec(`INSERT INTO screening_file (id, owner, part, name_mark, mark, size, received_at, flag, sealed) VALUES (?,?,?,?,?,?,?,?,?)`,
		f.ID, f.Owner, f.Part, f.NameMark, f.Mark, f.Size, clock.Millis(f.ReceivedAt), f.Flag, f.Sealed)
	return err
}

func scanFile(s db.Scanner) (f storedFile, err error) {
	var at int64
	err = s.Scan(&f.ID, &f.Owner, &f.Part, &f.NameMark, &f.Mark, &f.Size, &at, &f.Flag, &f.Sealed)
	f.ReceivedAt = clock.FromMillis(at)
	return f, err
}

const fileColumns = `id, owner, part, name_mark, mark, size, received_at, flag, sealed`

func filesOf(t *db.Tx, owner string) ([]storedFile, error) {
	return db.All(t, scanFile, `SELECT `+fileColumns+` FROM screening_file WHERE owner = ? ORDER BY id`, owner)
}

func (d *Desk) openMeta(ctx context.Context, person string, f storedFile) (fileMeta, error) {
	var m fileMeta
	plain, err := d.keys.Open(ctx, person, keys.Place{Table: "screening_file", Row: f.ID, Field: "sealed"}, f.Sealed)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(plain, &m)
}

// writeFile copies a file's content to w, chunk by chunk, and fails when a chunk is missing or changed.
func (d *Desk) writeFile(ctx context.Context, w io.Writer, f storedFile, m fileMeta) error {
	aead, err := chunkAEAD(m.Key)
	if err != nil {
		return err
	}
	for n := range m.Chunks {
		var sealed []byte
		err := d.db.Read(ctx, func(t *db.Tx) error {
			return t.Row(`SELECT sealed FROM screening_chunk WHERE file = ? AND n = ?`, f.ID, n).Scan(&sealed)
		})
		if err != nil {
			return fmt.Errorf("chunk %d of a file: %w", n, err)
		}
		plain, err := aead.Open(nil, nil, sealed, chunkPlace(f.ID, n))
		if err != nil {
			return fmt.Errorf("chunk %d of a file does not open: it was changed: %w", n, err)
		}
		if _, err := w.Write(plain); err != nil {
			return err
		}
	}
	return nil
}

func deleteFiles(t *db.Tx, owner string) error {
	if _, err := t.Exec(`DELETE FROM screening_chunk WHERE file IN (SELECT id FROM screening_file WHERE owner = ?)`, owner); err != nil {
		return err
	}
	_, err := t.Exec(`DELETE FROM screening_file WHERE owner = ?`, owner)
	return err
}

// sweepChunks removes chunks that belong to no file and are older than before: what cut connections left.
func sweepChunks(t *db.Tx, before time.Time) (int64, error) {
	return t.Exec(`DELETE FROM screening_chunk WHERE made_at < ? AND NOT EXISTS (SELECT 1 FROM screening_file f WHERE f.id = screening_chunk.file)`, clock.Millis(before))
}

// cleanName is a file name that is safe to show and to offer for download: no folders, no control or
// direction marks, at most 200 bytes. It is never used as a path of this machine.
func cleanName(name string) string {
	name = path.Base("/" + strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' { // joiners are part of words in some scripts
			return -1
		}
		return r
	}, name))
	for len(name) > 200 {
		_, n := utf8.DecodeLastRuneInString(name)
		name = strings.TrimSpace(name[:len(name)-n])
	}
	if name == "" || name == "." || name == ".." || name == "/" {
		return "file"
	}
	return name
}
