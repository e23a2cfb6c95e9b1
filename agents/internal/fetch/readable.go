package fetch

import (
	"fmt"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// noise is what is on a page and not of it.
const noise = "script, style, noscript, template, iframe, object, svg, canvas, form, nav, header nav, footer, aside, [hidden], [aria-hidden=true]"

// main are the places where a page's text is, the best first.
var places = []string{"main", "article", "[role=main]", "body"}

// blocks end a line.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Li: true, atom.Ul: true, atom.Ol: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Tr: true, atom.Table: true,
	atom.Blockquote: true, atom.Pre: true, atom.Br: true, atom.Hr: true, atom.Dt: true, atom.Dd: true, atom.Figcaption: true,
	atom.Header: true, atom.Main: true, atom.Body: true,
}

// readable returns a page's title, and its text as lines.
func readable(page string) (title, text string, err error) {
	document, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		return "", "", fmt.Errorf("reading the page: %w", err)
	}
	title = strings.Join(strings.Fields(document.Find("title").First().Text()), " ")
	document.Find(noise).Remove()
	for _, place := range places {
		var out strings.Builder
		for _, node := range document.Find(place).First().Nodes {
			write(&out, node)
		}
		if text = lines(out.String()); text != "" {
			break
		}
	}
	return title, text, nil
}

// write writes the text below a node. A page that is nested deeper than the parser
// goes, 512 elements, was refused by it.
func write(out *strings.Builder, node *html.Node) {
	if node.Type == html.TextNode {
		// A text's own line ends are spaces; those that count are the blocks'.
		out.WriteString(strings.NewReplacer("\n", " ", "\r", " ").Replace(node.Data))
		return
	}
	for child := range node.ChildNodes() {
		write(out, child)
	}
	switch {
	case blocks[node.DataAtom]:
		out.WriteByte('\n')
	case node.DataAtom == atom.Td || node.DataAtom == atom.Th:
		out.WriteString(" | ")
	}
}

// lines tidies up: single spaces, no empty lines.
func lines(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
