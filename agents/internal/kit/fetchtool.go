package kit

import (
	"context"
	"encoding/json"
	"fmt"
)

// FetchTool lets a model read a public web page. What it returns is a fetch.Page.
var FetchTool = Tool{
	Name:        "fetch_page",
	Description: "Gets a public web page by its http or https URL and returns its title and readable text. It cannot search, log in or run scripts.",
	Schema: `{
		"type": "object", "additionalProperties": false, "required": ["url"],
		"properties": {"url": {"type": "string", "description": "The page's URL, with http:// or https://"}}
	}`,
	Call: func(ctx context.Context, run *Run, input json.RawMessage) (string, error) {
		var in struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal(input, &in); err != nil {
			return "", fmt.Errorf("url: must be a text: %w", err)
		}
		page, err := run.Fetch.Get(ctx, in.URL)
		if err != nil {
			return "", err
		}
		out, err := json.Marshal(page)
		return string(out), err
	},
}
