package lambda

import (
	"testing"
	"time"
)

// The grammar of expressions and time zones has its tests in
// constructs/internal/schedule; here is what the construct makes of it.

func schedules(list ...Schedule) func(p *Props) {
	return func(p *Props) {
		for i := range list {
			if list[i].Expression == "" {
				list[i].Expression = "rate(5 minutes)"
			}
		}
		p.Schedules = list
	}
}

func TestValidateScheduleName(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "no name", change: schedules(Schedule{})},
		{name: "64 characters", change: schedules(Schedule{Name: times("a", 64)})},
		{
			name: "65 characters", change: schedules(Schedule{Name: times("a", 65)}),
			want: []string{`Schedules[0].Name: must have 1 to 64 characters, got 65 in "` + times("a", 60) + `"…`},
		},
		{name: "every kind of character", change: schedules(Schedule{Name: "Az09._-"})},
		{name: "space", change: schedules(Schedule{Name: "a b"}), want: []string{`Schedules[0].Name: must be letters, digits and ._-, got "a b"`}},
		{name: "two names", change: schedules(Schedule{Name: "a"}, Schedule{Name: "A"}, Schedule{})},
		{
			name: "no name twice", change: schedules(Schedule{}, Schedule{Name: "a"}, Schedule{}),
			want: []string{`Schedules[2].Name: must not repeat Schedules[0], got "schedule"`},
		},
		{
			name: "the default's name", change: schedules(Schedule{}, Schedule{Name: "schedule"}),
			want: []string{`Schedules[1].Name: must not repeat Schedules[0], got "schedule"`},
		},
		{
			name: "token", change: schedules(Schedule{Name: token}),
			want: []string{"Schedules[0].Name: must be known at synth, got a Terraform token"},
		},
	})
}

func TestScheduleEngine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		schedule Schedule
		want     ScheduleEngine
	}{
		{name: "rate", schedule: Schedule{Expression: "rate(1 day)"}, want: EngineRule},
		{name: "cron", schedule: Schedule{Expression: "cron(0 9 ? * * *)"}, want: EngineRule},
		{name: "at", schedule: Schedule{Expression: "at(2027-01-31T09:00:00)"}, want: EngineScheduler},
		{name: "time zone", schedule: Schedule{Expression: "rate(1 day)", TimeZone: "UTC"}, want: EngineScheduler},
		{name: "window", schedule: Schedule{Expression: "rate(1 day)", FlexibleWindow: time.Minute}, want: EngineScheduler},
		{name: "token", schedule: Schedule{Expression: token}, want: EngineRule},
		{name: "chosen", schedule: Schedule{Expression: "rate(1 day)", Engine: EngineScheduler}, want: EngineScheduler},
		{name: "chosen against the expression", schedule: Schedule{Expression: "at(2027-01-31T09:00:00)", Engine: EngineRule}, want: EngineRule},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.schedule.engine(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestValidateScheduleEngine(t *testing.T) {
	t.Parallel()
	const at = "at(2027-01-31T09:00:00)"
	runChanges(t, []change{
		{
			name: "other engine", change: schedules(Schedule{Engine: "cron"}),
			want: []string{`Schedules[0].Engine: must be "rule" or "scheduler", got "cron"`},
		},
		{
			name: "no expression", change: func(p *Props) { p.Schedules = []Schedule{{}} },
			want: []string{"Schedules[0].Expression: must be set, got nothing"},
		},
		{name: "singular in a rule", change: schedules(Schedule{Expression: "rate(1 minute)"})},
		{
			name: "plural after 1 in a rule", change: schedules(Schedule{Expression: "rate(1 minutes)"}),
			want: []string{`Schedules[0].Expression: unit: must be minute, hour or day after 1 in a rule, got "minutes"`},
		},
		{name: "plural after 1 in Scheduler", change: schedules(Schedule{Expression: "rate(1 minutes)", Engine: EngineScheduler})},
		{
			name: "two fields of cron", change: schedules(Schedule{Expression: "cron(60 24 ? * MON *)"}),
			want: []string{
				`Schedules[0].Expression: minutes: must be 0-59, got "60"`,
				`Schedules[0].Expression: hours: must be 0-23, got "24"`,
			},
		},
		{name: "at", change: schedules(Schedule{Expression: at})},
		{
			name: "at with a rule", change: schedules(Schedule{Expression: at, Engine: EngineRule}),
			want: []string{"Schedules[0].Expression: must be rate(value unit) or cron(fields) in a rule, " +
				`as only EventBridge Scheduler takes at(…), got "` + at + `"`},
		},
		{name: "time zone", change: schedules(Schedule{TimeZone: "Europe/Berlin"})},
		{
			name: "time zone with a rule", change: schedules(Schedule{TimeZone: "Europe/Berlin", Engine: EngineRule}),
			want: []string{`Schedules[0].TimeZone: must go with EngineScheduler: a rule runs in UTC, got "Europe/Berlin"`},
		},
		{
			name: "time zone that is none", change: schedules(Schedule{TimeZone: "Europe/Bonn"}),
			want: []string{`Schedules[0].TimeZone: must be a time zone of the IANA database such as Europe/Berlin, got "Europe/Bonn"`},
		},
		{name: "tokens", change: schedules(Schedule{Expression: token, TimeZone: token, Description: token})},
	})
}

func TestValidateFlexibleWindow(t *testing.T) {
	t.Parallel()
	window := func(d time.Duration) func(p *Props) { return schedules(Schedule{FlexibleWindow: d}) }
	runChanges(t, []change{
		{name: "0", change: window(0)},
		{name: "1m", change: window(time.Minute)},
		{name: "24h", change: window(24 * time.Hour)},
		{name: "59s", change: window(59 * time.Second), want: []string{"Schedules[0].FlexibleWindow: must be from 1m0s to 24h0m0s, got 59s"}},
		{name: "24h1m", change: window(24*time.Hour + time.Minute), want: []string{"Schedules[0].FlexibleWindow: must be from 1m0s to 24h0m0s, got 24h1m0s"}},
		{name: "1m30s", change: window(90 * time.Second), want: []string{"Schedules[0].FlexibleWindow: must be a whole number of minutes, got 1m30s"}},
		{name: "-1m", change: window(-time.Minute), want: []string{"Schedules[0].FlexibleWindow: must be from 1m0s to 24h0m0s, got -1m0s"}},
		{
			name: "with a rule", change: schedules(Schedule{FlexibleWindow: time.Minute, Engine: EngineRule}),
			want: []string{"Schedules[0].FlexibleWindow: must go with EngineScheduler, got 1m0s"},
		},
	})
}

func TestValidateScheduleTexts(t *testing.T) {
	t.Parallel()
	input := func(text string) func(p *Props) { return schedules(Schedule{Input: &text}) }
	runChanges(t, []change{
		{name: "object", change: input(`{"a":1}`)},
		{name: "string", change: input(`"a"`)},
		{name: "8192 characters", change: input(`"` + times("a", 8190) + `"`)},
		{
			name: "8193 characters", change: input(`"` + times("a", 8191) + `"`),
			want: []string{"Schedules[0].Input: must have 0 to 8192 characters, got 8193"},
		},
		{name: "no JSON", change: input("{a:1}"), want: []string{`Schedules[0].Input: must be JSON, got "{a:1}"`}},
		{name: "empty", change: input(""), want: []string{`Schedules[0].Input: must be JSON, got ""`}},
		{name: "token inside", change: input(`{"a":` + token)},
		{name: "description of 512 characters", change: schedules(Schedule{Description: times("a", 512)})},
		{
			name: "description of 513 characters", change: schedules(Schedule{Description: times("a", 513)}),
			want: []string{"Schedules[0].Description: must have 0 to 512 characters, got 513"},
		},
	})
}

func TestStatementText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, want string }{
		{name: "nightly", want: "nightly"},
		{name: "a_b-C", want: "a_b-C"},
		{name: "a.b", want: "a_b-2e7336dc"},
	} {
		if got := statementText(tc.name); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}
