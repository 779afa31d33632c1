// For interop.py: Go's x/mod/sumdb/{note,tlog} as a program, with the commands of tlog_tool.c.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type store []tlog.Hash

func (s store) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = s[x]
	}
	return out, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go:", err)
		os.Exit(1)
	}
}

func build(n int64) store {
	var s store
	for i := int64(0); i < n; i++ {
		h, err := tlog.StoredHashes(i, []byte(fmt.Sprintf("leaf %d\n", i)), s)
		must(err)
		s = append(s, h...)
	}
	return s
}

func lines() (out []tlog.Hash) {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		h, err := tlog.ParseHash(in.Text())
		must(err)
		out = append(out, h)
	}
	return out
}

func put(p []tlog.Hash) {
	for _, h := range p {
		fmt.Println(h.String())
	}
}

func told(err error) {
	if err != nil {
		fmt.Println("bad")
	} else {
		fmt.Println("good")
	}
}

// The signer key of the interoperability vectors, as note.NewSigner reads it.
func signer() note.Signer {
	seed := sha256.Sum256([]byte("overt interop test"))
	key, err := note.NewSigner("PRIVATE+KEY+overt.example/db+403cddc6+" +
		base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...)))
	must(err)
	return key
}

func open(vkey string) {
	v, err := note.NewVerifier(vkey)
	must(err)
	text, err := io.ReadAll(os.Stdin)
	must(err)
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		fmt.Println("bad")
		return
	}
	fmt.Printf("good %d\n", len(n.Text))
}

func main() {
	if os.Args[1] == "open" {
		open(os.Args[2])
		return
	}
	last, err := strconv.ParseInt(os.Args[len(os.Args)-1], 10, 64)
	must(err)
	s := build(last)
	root, err := tlog.TreeHash(last, s)
	must(err)
	m, _ := strconv.ParseInt(os.Args[2], 10, 64)
	switch os.Args[1] {
	case "root":
		fmt.Println(hex.EncodeToString(root[:]))
	case "checkpoint":
		text := fmt.Sprintf("overt.example/db\n%d\n%s\n", last, root)
		out, err := note.Sign(&note.Note{Text: text}, signer())
		must(err)
		os.Stdout.Write(out)
	case "prove":
		p, err := tlog.ProveRecord(last, m, s)
		must(err)
		put(p)
	case "grow":
		p, err := tlog.ProveTree(last, m, s)
		must(err)
		put(p)
	case "verify":
		told(tlog.CheckRecord(lines(), last, root, m, tlog.RecordHash([]byte(fmt.Sprintf("leaf %d\n", m)))))
	case "verify-grow":
		old, err := tlog.TreeHash(m, s)
		must(err)
		told(tlog.CheckTree(lines(), last, root, m, old))
	}
}
