package lambda

import (
	"testing"
	"time"
)

func TestValidateURL(t *testing.T) {
	t.Parallel()
	url := func(u FunctionURL) func(p *Props) {
		return func(p *Props) { p.URL = &u }
	}
	runChanges(t, []change{
		{name: "nothing set", change: url(FunctionURL{})},
		{name: "IAM, buffered", change: url(FunctionURL{AuthType: AuthIAM, InvokeMode: Buffered})},
		{name: "none, streamed", change: url(FunctionURL{AuthType: AuthNone, InvokeMode: ResponseStream})},
		{
			name: "all wrong", change: url(FunctionURL{AuthType: "IAM", InvokeMode: "stream"}),
			want: []string{
				`URL.AuthType: must be "AWS_IAM" or "NONE", got "IAM"`,
				`URL.InvokeMode: must be "BUFFERED" or "RESPONSE_STREAM", got "stream"`,
			},
		},
	})
}

func TestValidateCORS(t *testing.T) {
	t.Parallel()
	cors := func(c CORS) func(p *Props) {
		return func(p *Props) { p.URL = &FunctionURL{CORS: &c} }
	}
	items := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = "x"
		}
		return list
	}
	item := func(n int) []string { return []string{times("x", n)} }
	const (
		credentials = `URL.CORS.AllowCredentials: must go with named AllowOrigins, got "*", with which browsers ignore it`
		methods     = `must be "GET", "PUT", "HEAD", "POST", "PATCH", "DELETE" or "*", got `
	)
	runChanges(t, []change{
		{name: "nothing set", change: cors(CORS{})},
		{name: "credentials, no origins named", change: cors(CORS{AllowCredentials: true}), want: []string{credentials}},
		{name: "credentials, any origin", change: cors(CORS{AllowCredentials: true, AllowOrigins: []string{"https://a.example", "*"}}), want: []string{credentials}},
		{name: "credentials, named origins", change: cors(CORS{AllowCredentials: true, AllowOrigins: []string{"https://a.example"}})},
		{name: "every method", change: cors(CORS{AllowMethods: []string{"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE"}})},
		{name: "any method", change: cors(CORS{AllowMethods: []string{"*"}})},
		{
			name: "7 methods", change: cors(CORS{AllowMethods: []string{"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"}}),
			want: []string{"URL.CORS.AllowMethods: must have at most 6 items, got 7"},
		},
		{name: "OPTIONS", change: cors(CORS{AllowMethods: []string{"GET", "OPTIONS"}}), want: []string{"URL.CORS.AllowMethods[1]: " + methods + `"OPTIONS"`}},
		{name: "small letters", change: cors(CORS{AllowMethods: []string{"get"}}), want: []string{"URL.CORS.AllowMethods[0]: " + methods + `"get"`}},

		{name: "100 headers", change: cors(CORS{AllowHeaders: items(100), ExposeHeaders: items(100)})},
		{
			name: "101 headers", change: cors(CORS{AllowHeaders: items(101), ExposeHeaders: items(101)}),
			want: []string{
				"URL.CORS.AllowHeaders: must have at most 100 items, got 101",
				"URL.CORS.ExposeHeaders: must have at most 100 items, got 101",
			},
		},
		{name: "header of 1024 characters", change: cors(CORS{AllowHeaders: item(1024), ExposeHeaders: item(1024)})},
		{
			name: "header of 1025 characters", change: cors(CORS{AllowHeaders: item(1025), ExposeHeaders: item(1025)}),
			want: []string{
				"URL.CORS.AllowHeaders[0]: must have 1 to 1024 characters, got 1025",
				"URL.CORS.ExposeHeaders[0]: must have 1 to 1024 characters, got 1025",
			},
		},
		{
			name: "empty items", change: cors(CORS{AllowHeaders: []string{""}, ExposeHeaders: []string{""}, AllowOrigins: []string{""}}),
			want: []string{
				"URL.CORS.AllowHeaders[0]: must have 1 to 1024 characters, got 0",
				"URL.CORS.ExposeHeaders[0]: must have 1 to 1024 characters, got 0",
				"URL.CORS.AllowOrigins[0]: must have 1 to 253 characters, got 0",
			},
		},
		{name: "100 origins", change: cors(CORS{AllowOrigins: items(100)})},
		{name: "101 origins", change: cors(CORS{AllowOrigins: items(101)}), want: []string{"URL.CORS.AllowOrigins: must have at most 100 items, got 101"}},
		{name: "origin of 253 characters", change: cors(CORS{AllowOrigins: item(253)})},
		{
			name: "origin of 254 characters", change: cors(CORS{AllowOrigins: item(254)}),
			want: []string{"URL.CORS.AllowOrigins[0]: must have 1 to 253 characters, got 254"},
		},
		{name: "origin with a token", change: cors(CORS{AllowOrigins: []string{"https://" + token}})},

		{name: "age of 1s", change: cors(CORS{MaxAge: time.Second})},
		{name: "age of 24h", change: cors(CORS{MaxAge: 24 * time.Hour})},
		{name: "age of 24h and 1s", change: cors(CORS{MaxAge: 24*time.Hour + time.Second}), want: []string{"URL.CORS.MaxAge: must be from 0s to 24h0m0s, got 24h0m1s"}},
		{name: "age of half a second", change: cors(CORS{MaxAge: time.Second / 2}), want: []string{"URL.CORS.MaxAge: must be a whole number of seconds, got 500ms"}},
		{name: "negative age", change: cors(CORS{MaxAge: -time.Second}), want: []string{"URL.CORS.MaxAge: must be from 0s to 24h0m0s, got -1s"}},
	})
}
