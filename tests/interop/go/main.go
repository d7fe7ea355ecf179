// Program interop checks what Plumbline signs and proves, with the note and tlog packages of
// golang.org/x/mod/sumdb, which others wrote; and makes the same things for Plumbline to check.
// The layout of the folders is described in ../README.md.
//
//	interop check FOLDER
//	interop make FOLDER ENTRIES
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "check":
		return check(args[1])
	case len(args) == 3 && args[0] == "make":
		entries, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return err
		}
		return makeAll(args[1], entries)
	}
	return fmt.Errorf("usage: interop check FOLDER | interop make FOLDER ENTRIES")
}
