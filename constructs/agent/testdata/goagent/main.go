// Command goagent is an agent that answers /ping and nothing else.
package main

import (
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/ping", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
