// SPDX-License-Identifier: Apache-2.0

// The reference reader of tar-split as a judge: tar_split_judge LINES TREE writes the tar that the
// lines and the files of the tree give, having compared the checksum of each.
package main

import (
	"fmt"
	"os"

	"github.com/vbatts/tar-split/tar/asm"
	"github.com/vbatts/tar-split/tar/storage"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: tar_split_judge LINES TREE")
		os.Exit(2)
	}
	lines, err := os.Open(os.Args[1])
	if err == nil {
		err = asm.WriteOutputTarStream(storage.NewPathFileGetter(os.Args[2]),
			storage.NewJSONUnpacker(lines), os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
