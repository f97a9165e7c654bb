// SPDX-License-Identifier: Apache-2.0

// The reference reader of eStargz as a judge: estargz_judge BLOB TOC-DIGEST opens a layer, checks its
// table against the digest, reads each file chunk by chunk through the verifier, and prints a line
// for each.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

type judge struct {
	reader   *estargz.Reader
	verifier estargz.TOCEntryVerifier
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// Reads a file by its chunks, as a lazy file system does.
func (j *judge) file(name string, entry *estargz.TOCEntry) string {
	file, err := j.reader.OpenFile(name)
	if err != nil {
		fail("%s: %v", name, err)
	}
	sum := sha256.New()
	for at := int64(0); at < entry.Size; {
		chunk, ok := j.reader.ChunkEntryForOffset(name, at)
		if !ok || chunk.ChunkOffset != at || chunk.ChunkSize <= 0 {
			fail("%s: no chunk at %d", name, at)
		}
		verifier, err := j.verifier.Verifier(chunk)
		if err != nil {
			fail("%s: %v", name, err)
		}
		part := io.NewSectionReader(file, at, chunk.ChunkSize)
		if _, err := io.Copy(io.MultiWriter(verifier, sum), part); err != nil {
			fail("%s: %v", name, err)
		}
		if !verifier.Verified() {
			fail("%s: the chunk at %d is not what the table promises", name, at)
		}
		at += chunk.ChunkSize
	}
	return fmt.Sprintf("sha256:%x", sum.Sum(nil))
}

func (j *judge) walk(dir string, entry *estargz.TOCEntry) {
	entry.ForeachChild(func(base string, child *estargz.TOCEntry) bool {
		name := path.Join(dir, base)
		sum := "-"
		if child.Type == "reg" && child.Size > 0 {
			sum = j.file(name, child)
			if child.Digest != sum {
				fail("%s: the file is %s, the table says %s", name, sum, child.Digest)
			}
		}
		fmt.Printf("%s %s %o %d %d %d %d %s %q\n", child.Type, name, child.Mode, child.UID,
			child.GID, child.Size, child.ModTime().Unix(), sum, child.LinkName)
		j.walk(name, child)
		return true
	})
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: estargz_judge BLOB TOC-DIGEST")
	}
	blob, err := os.Open(os.Args[1])
	if err != nil {
		fail("%v", err)
	}
	stat, err := blob.Stat()
	if err != nil {
		fail("%v", err)
	}
	reader, err := estargz.Open(io.NewSectionReader(blob, 0, stat.Size()))
	if err != nil {
		fail("open: %v", err)
	}
	verifier, err := reader.VerifyTOC(digest.Digest(os.Args[2]))
	if err != nil {
		fail("verify: %v", err)
	}
	root, ok := reader.Lookup("")
	if !ok {
		fail("there is no root")
	}
	if _, ok := reader.Lookup(estargz.NoPrefetchLandmark); !ok {
		fail("there is no landmark")
	}
	j := &judge{reader, verifier}
	j.walk("", root)
}
