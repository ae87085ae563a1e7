// An independent verifier of our logs and witnesses, on Go's own golang.org/x/mod/sumdb/{note,tlog}: nothing of it was written for or by
// Entente. Commands:
//
//	log URL CERT KEY PIN VKEY [WITNESS-VKEY]   reads a live node's log as a partner does: checkpoint, tiles; proves every record
//	receipt VKEY WITNESS-VKEY|- FILE…         checks tlog-proof files, with or without a cosignature
//	witness URL WITNESS-VKEY SKEY VKEY        is a log of its own and has a live witness co-sign it, and refuse what it must
//	genkey NAME                               prints SKEY and VKEY of a new log
//	vectors DIR                               the examples of the specifications
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}

func must(ok bool, format string, args ...interface{}) {
	if !ok {
		check(fmt.Errorf(format, args...))
	}
}

// ---- cosignatures: c2sp.org/tlog-cosignature, as a note.Verifier ----

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	return ed25519.Verify(c.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", t, msg)), sig[8:])
}

func newCosigner(vkey string) *cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	must(len(parts) == 3, "not a verifier key: %s", vkey)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	check(err)
	must(len(raw) == 33 && raw[0] == 4, "not the key of a witness: %s", vkey)
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	must(hex.EncodeToString(sum[:4]) == parts[1], "the id of %s does not fit", vkey)
	return &cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), raw[1:]}
}

// ---- checkpoints ----

type checkpoint struct {
	origin string
	tree   tlog.Tree
	signed *note.Note
}

func open(text []byte, verifiers ...note.Verifier) (*checkpoint, error) {
	n, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return nil, errors.New("a checkpoint has three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return nil, err
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return nil, err
	}
	return &checkpoint{lines[0], tlog.Tree{N: size, Hash: hash}, n}, nil
}

func signedBy(c *checkpoint, v note.Verifier) bool {
	for _, s := range c.signed.Sigs {
		if s.Name == v.Name() && s.Hash == v.KeyHash() {
			return true
		}
	}
	return false
}

// ---- a live node's log ----

type remote struct {
	url    string
	client *http.Client
	got    int
}

func (r *remote) get(path string) (int, []byte) {
	resp, err := r.client.Get(r.url + "/" + path)
	check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(err)
	return resp.StatusCode, body
}

func (r *remote) Height() int { return 8 }
func (r *remote) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		status, body := r.get(strings.Replace(t.Path(), "tile/8/", "tile/", 1)) // tlog-tiles leaves out the height
		if status != 200 {
			return nil, fmt.Errorf("%s: %d", t.Path(), status)
		}
		r.got++
		all = append(all, body)
	}
	return all, nil
}
func (r *remote) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func newRemote(url, cert, key, pin string) *remote {
	pair, err := tls.LoadX509KeyPair(cert, key)
	check(err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].Raw)
			if pin != "-" && hex.EncodeToString(sum[:]) != pin {
				return errors.New("the certificate is not the one that is pinned")
			}
			return nil
		}}
	return &remote{url: url, client: &http.Client{Transport: &http.Transport{TLSClientConfig: config}}}
}

func readLog(args []string) {
	r := newRemote(args[0], args[1], args[2], args[3])
	v, err := note.NewVerifier(args[4])
	check(err)
	base := r.url
	r.url = base + "/v1/ledger"
	status, text := r.get("checkpoint")
	must(status == 200, "checkpoint: %d", status)
	c, err := open(text, v)
	check(err)
	must(c.origin == v.Name(), "the origin is %s", c.origin)
	year := c.origin[strings.LastIndex(c.origin, "/")+1:] // one log a year: the same under its own prefix
	r.url = base + "/v1/ledger/" + year
	status, text = r.get("checkpoint")
	must(status == 200, "%s/checkpoint: %d", year, status)
	c, err = open(text, v)
	check(err)
	hashes := tlog.TileHashReader(c.tree, r) // verifies every tile against the root
	for i := int64(0); i < c.tree.N; i++ {
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		check(err)
		proof, err := tlog.ProveRecord(c.tree.N, i, hashes)
		check(err)
		check(tlog.CheckRecord(proof, c.tree.N, c.tree.Hash, i, leaf[0]))
	}
	for old := int64(1); old < c.tree.N; old++ {
		root, err := tlog.TreeHash(old, hashes)
		check(err)
		proof, err := tlog.ProveTree(c.tree.N, old, hashes)
		check(err)
		check(tlog.CheckTree(proof, c.tree.N, c.tree.Hash, old, root))
	}
	status, _ = r.get("tile/entries/000.p/1")
	must(status == 403, "entries for a partner: %d", status)
	fmt.Printf("log %s: %d records proven, %d tiles read\n", c.origin, c.tree.N, r.got)
}

// ---- receipts: c2sp.org/tlog-proof ----

func receipt(text []byte, v note.Verifier, w *cosigner) (int64, error) {
	lines := strings.SplitAfter(string(text), "\n")
	if len(lines) < 4 || lines[0] != "c2sp.org/tlog-proof@v1\n" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return 0, errors.New("not a receipt")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimSpace(lines[1][6:]))
	if err != nil {
		return 0, err
	}
	index, err := strconv.ParseInt(strings.TrimSpace(lines[2][6:]), 10, 64)
	if err != nil {
		return 0, err
	}
	var proof tlog.RecordProof
	at := 3
	for ; at < len(lines) && lines[at] != "\n"; at++ {
		h, err := tlog.ParseHash(strings.TrimSuffix(lines[at], "\n"))
		if err != nil {
			return 0, err
		}
		proof = append(proof, h)
	}
	if at == len(lines) {
		return 0, errors.New("no checkpoint")
	}
	verifiers := []note.Verifier{v}
	if w != nil {
		verifiers = append(verifiers, w)
	}
	c, err := open([]byte(strings.Join(lines[at+1:], "")), verifiers...)
	if err != nil {
		return 0, err
	}
	if !signedBy(c, v) || c.origin != v.Name() {
		return 0, errors.New("the log has not signed it")
	}
	if w != nil && !signedBy(c, w) {
		return 0, errors.New("the witness has not co-signed it")
	}
	return index, tlog.CheckRecord(proof, c.tree.N, c.tree.Hash, index, tlog.RecordHash(entry))
}

func readReceipts(args []string) {
	v, err := note.NewVerifier(args[0])
	check(err)
	var w *cosigner
	if args[1] != "-" {
		w = newCosigner(args[1])
	}
	for _, file := range args[2:] {
		text, err := os.ReadFile(file)
		check(err)
		index, err := receipt(text, v, w)
		check(err)
		fmt.Printf("receipt %s: entry %d\n", filepath.Base(file), index)
		changed := bytes.Replace(text, []byte("extra A"), []byte("extra B"), 1)
		_, err = receipt(changed, v, w)
		must(err != nil, "a changed receipt was accepted")
	}
}

// ---- a log of our own, for a live witness ----

type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, i := range indexes {
		all = append(all, m[i])
	}
	return all, nil
}

func grow(n int64, twist byte) memory {
	var m memory
	for i := int64(0); i < n; i++ {
		record := []byte{byte(i)}
		if i == n-1 && twist != 0 {
			record = append(record, twist)
		}
		hashes, err := tlog.StoredHashes(i, record, m)
		check(err)
		m = append(m, hashes...)
	}
	return m
}

func submit(url string, signer note.Signer, old, n int64, twist byte) (int, string, string) {
	m := grow(n, twist)
	root, err := tlog.TreeHash(n, m)
	check(err)
	text, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), n, root)}, signer)
	check(err)
	body := fmt.Sprintf("old %d\n", old)
	if old > 0 && old < n {
		proof, err := tlog.ProveTree(n, old, m)
		check(err)
		for _, h := range proof {
			body += h.String() + "\n"
		}
	}
	resp, err := http.Post(url+"/add-checkpoint", "text/plain", strings.NewReader(body+"\n"+string(text)))
	check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	check(err)
	if resp.StatusCode == 409 {
		must(resp.Header.Get("Content-Type") == "text/x.tlog.size", "409 is of type %s", resp.Header.Get("Content-Type"))
	}
	return resp.StatusCode, string(answer), string(text)
}

func tryWitness(args []string) {
	w := newCosigner(args[1])
	signer, err := note.NewSigner(args[2])
	check(err)
	v, err := note.NewVerifier(args[3])
	check(err)
	good := func(old, n int64) {
		status, lines, text := submit(args[0], signer, old, n, 0)
		must(status == 200, "%d to %d: %d %s", old, n, status, lines)
		c, err := open([]byte(text+lines), v, w)
		check(err)
		must(signedBy(c, w) && signedBy(c, v), "%d to %d: not co-signed", old, n)
	}
	bad := func(old, n int64, twist byte, want int, body string) {
		status, lines, _ := submit(args[0], signer, old, n, twist)
		must(status == want && (body == "" || lines == body), "%d to %d: %d %q, expected %d", old, n, status, lines, want)
	}
	good(0, 3)
	last := int64(3)
	for _, n := range []int64{4, 7, 8, 64, 255, 256, 257, 300} {
		good(last, n)
		last = n
	}
	good(300, 300)
	bad(299, 300, 0, 409, "300\n")
	bad(0, 299, 0, 409, "300\n")
	bad(300, 300, 1, 422, "") // two roots of one size
	bad(300, 200, 0, 400, "")
	stranger, _, err := note.GenerateKey(rand.Reader, signer.Name())
	check(err)
	other, err := note.NewSigner(stranger)
	check(err)
	signer = other
	bad(300, 301, 0, 403, "")
	hash := sha256.Sum256([]byte(v.Name()))
	resp, err := http.Get(args[0] + "/" + hex.EncodeToString(hash[:]) + "/checkpoint")
	check(err)
	text, err := io.ReadAll(resp.Body)
	check(err)
	c, err := open(text, v, w)
	check(err)
	must(resp.StatusCode == 200 && c.tree.N == 300 && signedBy(c, w) && signedBy(c, v), "the latest checkpoint")
	fmt.Printf("witness %s: %d entries co-signed, forks and rollbacks refused\n", w.name, last)
}

func vectors(dir string) {
	vkey, err := os.ReadFile(filepath.Join(dir, "signed-note.vkey"))
	check(err)
	text, err := os.ReadFile(filepath.Join(dir, "signed-note.txt"))
	check(err)
	v, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	check(err)
	_, err = note.Open(text, note.VerifierList(v))
	check(err)
	key, err := os.ReadFile(filepath.Join(dir, "receipt.vkey"))
	check(err)
	v, err = note.NewVerifier(strings.TrimSpace(string(key)))
	check(err)
	key, err = os.ReadFile(filepath.Join(dir, "witness.vkey"))
	check(err)
	text, err = os.ReadFile(filepath.Join(dir, "receipt.tlog-proof"))
	check(err)
	index, err := receipt(text, v, newCosigner(strings.TrimSpace(string(key))))
	check(err)
	fmt.Printf("vectors: the specification's note, and a cosigned receipt of entry %d\n", index)
}

func main() {
	counts := map[string]int{"log": 6, "receipt": 4, "witness": 5, "genkey": 2, "vectors": 2}
	must(len(os.Args) > 1 && counts[os.Args[1]] > 0 && len(os.Args) > counts[os.Args[1]], "see the head of main.go")
	args := os.Args[2:]
	switch os.Args[1] {
	case "log":
		readLog(args)
	case "receipt":
		readReceipts(args)
	case "witness":
		tryWitness(args)
	case "vectors":
		vectors(args[0])
	case "genkey":
		skey, vkey, err := note.GenerateKey(rand.Reader, args[0])
		check(err)
		fmt.Println(skey)
		fmt.Println(vkey)
	}
}
