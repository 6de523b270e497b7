package casework

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"lintas/kernel/problem"
)

// plainText is a file's text in UTF-8 without a byte-order mark. Spreadsheets
// also write UTF-16, which says so in its first two bytes. Whatever else is no
// UTF-8 is refused: guessing an old code page turns names into other names.
func plainText(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, errEncoding(1)
		}
		data = text
	}
	for line, rest := 1, data; len(rest) > 0; line++ {
		one, after, _ := bytes.Cut(rest, []byte("\n"))
		if !utf8.Valid(one) {
			return nil, errEncoding(line)
		}
		rest = after
	}
	return data, nil
}

func errEncoding(line int) error {
	return problem.New(problem.Malformed, "casework.encoding", "Line %d of the file is not written in UTF-8. Save it as \"CSV UTF-8\" and send it again; names would come out wrong otherwise.", line)
}
