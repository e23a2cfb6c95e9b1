package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

const (
	// maxBytes is how long a page may be, after decompression.
	maxBytes = 2 * 1024 * 1024
	// maxHeader is how long a response's header may be.
	maxHeader = 64 * 1024
	// maxTime is for one page, redirects included.
	maxTime = 20 * time.Second
	// maxRedirects is how many redirects are followed.
	maxRedirects = 5
	// maxText is how much of a page's text a model gets, in characters: several
	// pages have to fit into one conversation.
	maxText = 20_000
	// maxURL is the longest address.
	maxURL = 2000
	// userAgent says who asks, and that it is a program.
	userAgent = "aegis-research/1 (+https://github.com/aegis-agents/aegis)"
)

// types are the content types that are read.
var types = []string{"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/json", "text/xml", "application/xml"}

// Page is what was read.
type Page struct {
	URL       string    `json:"url"`       // as asked for
	FinalURL  string    `json:"final_url"` // after redirects
	Title     string    `json:"title"`
	Text      string    `json:"text"`
	Truncated bool      `json:"truncated,omitempty"` // the text was longer
	FetchedAt time.Time `json:"fetched_at"`
}

// Client fetches pages.
type Client struct {
	http  *http.Client
	allow []netip.AddrPort
	limit time.Duration
}

// New returns a client. allow are addresses on loopback that it fetches from all
// the same, for tests.
func New(allow ...string) *Client { return newClient(nil, maxTime, allow...) }

// newClient returns a client with a resolver and a time limit of its own.
func newClient(resolver *net.Resolver, limit time.Duration, allow ...string) *Client {
	c := &Client{limit: limit}
	for _, text := range allow {
		if address, err := netip.ParseAddrPort(text); err == nil {
			c.allow = append(c.allow, address)
		}
	}
	dialer := &net.Dialer{Timeout: limit, Control: c.control, Resolver: resolver}
	c.http = &http.Client{
		Transport: &http.Transport{
			// A proxy from the environment would dial for us, past the check.
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    limit,
			MaxResponseHeaderBytes: maxHeader,
			// Each page is asked for once: a connection that is kept would be of no use.
			DisableKeepAlives: true,
		},
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("must have at most %d redirects", maxRedirects)
			}
			return checkURL(request.URL)
		},
	}
	return c
}

// Get fetches a page and reads its text.
func (c *Client) Get(ctx context.Context, address string) (Page, error) {
	if len(address) > maxURL {
		return Page{}, fmt.Errorf("url: must have at most %d bytes, got %d", maxURL, len(address))
	}
	ctx, done := context.WithTimeoutCause(ctx, c.limit, fmt.Errorf("the page took longer than %s", c.limit))
	defer done()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("url: must be an absolute http or https URL, got %q", address)
	}
	if err := checkURL(request.URL); err != nil {
		return Page{}, err
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", strings.Join(types, ", "))
	response, err := c.http.Do(request)
	if err != nil {
		return Page{}, because(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Page{}, fmt.Errorf("the server said %s", response.Status)
	}
	contentType := response.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || !slices.Contains(types, media) {
		return Page{}, fmt.Errorf("content type %.100q: must be one of %s", contentType, strings.Join(types, ", "))
	}
	// gzip, which was asked for, is gone from the header by now.
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return Page{}, fmt.Errorf("content encoding %.100q: must be gzip or none", encoding)
	}
	// The limit counts what came out of the decompression, so that no small
	// file becomes a large one.
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBytes+1))
	if err != nil {
		return Page{}, because(ctx, err)
	}
	if len(body) > maxBytes {
		return Page{}, fmt.Errorf("the page must have at most %d bytes", maxBytes)
	}
	page := Page{URL: address, FinalURL: response.Request.URL.String(), FetchedAt: time.Now().UTC().Truncate(time.Second)}
	text, err := decode(body, contentType)
	if err != nil {
		return Page{}, err
	}
	if media == "text/html" || media == "application/xhtml+xml" {
		if page.Title, text, err = readable(text); err != nil {
			return Page{}, err
		}
	}
	page.Text = strings.TrimSpace(text)
	if runes := []rune(page.Text); len(runes) > maxText {
		page.Text, page.Truncated = string(runes[:maxText]), true
	}
	return page, nil
}

// decode turns a page into UTF-8.
func decode(body []byte, contentType string) (string, error) {
	reader, err := charset.NewReader(strings.NewReader(string(body)), contentType)
	if err != nil {
		return "", fmt.Errorf("the page's characters: %w", err)
	}
	// An encoding may make three bytes of one.
	text, err := io.ReadAll(io.LimitReader(reader, 3*maxBytes))
	if err != nil {
		return "", fmt.Errorf("the page's characters: %w", err)
	}
	if !utf8.Valid(text) {
		return strings.ToValidUTF8(string(text), "�"), nil
	}
	return string(text), nil
}

// checkURL refuses what is no public page's address. Where the name leads to is
// checked when it is dialed.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("url: must be an absolute http or https URL, got %q", u.Redacted())
	case u.User != nil:
		return errors.New("url: must have no user or password")
	}
	return nil
}

// because says why a call has failed, in words for the model: without the
// addresses of our own side that an error of the network holds.
func because(ctx context.Context, err error) error {
	if not, ok := errors.AsType[*refusedError](err); ok {
		return fmt.Errorf("refused: %w", not)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
