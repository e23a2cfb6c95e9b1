package flow

// The parts of Amazon States Language that the renderer uses, in its words and in
// an order that reads well. https://states-language.net

type aslMachine struct {
	Comment        string `json:",omitempty"`
	QueryLanguage  string
	StartAt        string
	TimeoutSeconds Seconds `json:",omitempty"`
	States         map[string]aslState
}

type aslState struct {
	Type    string
	Comment string `json:",omitempty"`

	// What goes in.
	Resource       string         `json:",omitempty"`
	Parameters     map[string]any `json:",omitempty"`
	ItemsPath      string         `json:",omitempty"`
	ItemSelector   map[string]any `json:",omitempty"`
	MaxConcurrency int            `json:",omitempty"`
	ItemProcessor  *aslProcessor  `json:",omitempty"`
	Choices        []aslRule      `json:",omitempty"`
	Default        string         `json:",omitempty"`
	Seconds        Seconds        `json:",omitempty"`
	Error          string         `json:",omitempty"`
	ErrorPath      string         `json:",omitempty"`
	Cause          string         `json:",omitempty"`
	CausePath      string         `json:",omitempty"`

	// How long it may take, and what then.
	TimeoutSeconds   Seconds      `json:",omitempty"`
	HeartbeatSeconds Seconds      `json:",omitempty"`
	Retry            []aslRetrier `json:",omitempty"`
	Catch            []aslCatcher `json:",omitempty"`

	// What comes out, and where it goes on.
	ResultSelector map[string]any `json:",omitempty"`
	ResultPath     string         `json:",omitempty"`
	OutputPath     string         `json:",omitempty"`
	Next           string         `json:",omitempty"`
	End            bool           `json:",omitempty"`
}

type aslProcessor struct {
	ProcessorConfig map[string]string
	StartAt         string
	States          map[string]aslState
}

// aslRule has either And or one test of Variable.
type aslRule struct {
	And                   []aslRule `json:",omitempty"`
	Variable              string    `json:",omitempty"`
	IsPresent             *bool     `json:",omitempty"`
	IsString              *bool     `json:",omitempty"`
	BooleanEquals         *bool     `json:",omitempty"`
	StringEquals          *string   `json:",omitempty"`
	NumericLessThanEquals *int      `json:",omitempty"`
	Next                  string    `json:",omitempty"`
}

type aslRetrier struct {
	ErrorEquals     []string
	IntervalSeconds Seconds `json:",omitempty"`
	MaxAttempts     int     // 0 is a setting: the default is 3
	BackoffRate     float64 `json:",omitempty"`
	MaxDelaySeconds Seconds `json:",omitempty"`
	JitterStrategy  string  `json:",omitempty"`
}

type aslCatcher struct {
	ErrorEquals []string
	ResultPath  *string // null keeps the document as it is
	Next        string
}
