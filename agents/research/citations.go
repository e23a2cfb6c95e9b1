package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aegis-agents/aegis/agents/internal/fetch"
)

// source is a page that an answer cites.
type source struct {
	URL   string `json:"url"`
	Title string `json:"title"`
	Quote string `json:"quote"`
}

// uncited says which sources were not fetched, or do not say what they are
// quoted with: a model's memory of a page is no source.
func uncited(fetched []string, sources []source) ([]string, error) {
	texts := make(map[string]string)
	for _, result := range fetched {
		var page fetch.Page
		if err := json.Unmarshal([]byte(result), &page); err != nil {
			return nil, fmt.Errorf("a fetched page: %w", err)
		}
		text := plain(page.Title + " " + page.Text)
		texts[page.URL] += " " + text
		if page.FinalURL != page.URL {
			texts[page.FinalURL] += " " + text
		}
	}
	var wrong []string
	for i, s := range sources {
		text, ok := texts[s.URL]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("sources[%d].url: must be a page that was fetched in this conversation, got %q", i, s.URL))
		case !strings.Contains(text, plain(s.Quote)):
			wrong = append(wrong, fmt.Sprintf("sources[%d].quote: must be in the text of %s word by word", i, s.URL))
		}
	}
	return wrong, nil
}

// quotes maps typographic quotes and dashes to plain ones: models do not keep them apart.
var quotes = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "\u00a0", " ")

// plain is a text in which only words and their order count.
func plain(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(quotes.Replace(text)), " "))
}
