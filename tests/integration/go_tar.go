// SPDX-License-Identifier: Apache-2.0

// Reads a tar and writes it again with the archive/tar that docker, BuildKit and umoci write layers with,
// in the PAX format: where that is byte for byte what it read, we write what they write.
package main

import (
	"archive/tar"
	"io"
	"log"
	"os"
)

func main() {
	in := tar.NewReader(os.Stdin)
	out := tar.NewWriter(os.Stdout)
	for {
		header, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		header.Format = tar.FormatPAX
		if err := out.WriteHeader(header); err != nil {
			log.Fatal(header.Name, ": ", err)
		}
		if _, err := io.Copy(out, in); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}
