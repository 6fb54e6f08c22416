// Plain Go: rng, hasher and worker with net/http, as one would write them first. They take the
// variables of the floor and send the bytes that ours send.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

var hashes atomic.Int64

func main() {
	switch os.Args[1] {
	case "rng":
		http.HandleFunc("/", getRandomBytes)
	case "hasher":
		http.HandleFunc("/", postHash)
	case "worker":
		http.HandleFunc("/metrics", getMetrics)
		startLoops()
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func getRandomBytes(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	count, err := strconv.ParseUint(r.URL.Path[1:], 10, 20)
	if err != nil {
		http.Error(w, "expected a number of bytes, as in /32", http.StatusNotFound)
		return
	}
	body := make([]byte, count)
	if _, err := rand.Read(body); err != nil {
		log.Fatal(err)
	}
	respond(w, "application/octet-stream", body, arrived)
}

func postHash(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	arrived := time.Now()
	digest := sha256.Sum256(body)
	respond(w, "text/plain", []byte(hex.EncodeToString(digest[:])), arrived)
}

func respond(w http.ResponseWriter, mediaType string, body []byte, arrived time.Time) {
	workMs := math.Round(time.Since(arrived).Seconds()*10_000) / 10
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Server-Timing", "queue;dur=0, work;dur="+strconv.FormatFloat(workMs, 'f', -1, 64))
	w.Header().Set("X-Served-By", os.Getenv("HOSTNAME"))
	w.Write(body)
}

func getMetrics(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "dockercoins_hashes_total %d\n", hashes.Load())
}

func startLoops() {
	loops, err := strconv.Atoi(os.Getenv("LOOPS"))
	if err != nil {
		log.Fatal(err)
	}
	// By default two connections per host are kept, and the others are closed after each request.
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loops, DisableCompression: true}}
	for i := 0; i < loops; i++ {
		go loop(client, os.Getenv("RNG_URL")+"/32", os.Getenv("HASHER_URL")+"/")
	}
}

func loop(client *http.Client, rngURL, hasherURL string) {
	for {
		random := send(client, "GET", rngURL, nil)
		digest := send(client, "POST", hasherURL, random)
		if len(digest) != 64 {
			log.Fatalf("expected 64 digits, got %d", len(digest))
		}
		hashes.Add(1)
	}
}

func send(client *http.Client, method, url string, body []byte) []byte {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("User-Agent", "") // none, as ours
	if body != nil {
		request.Header.Set("Content-Type", "application/octet-stream")
	}
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	return content
}
