package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestConcurrencySettings(t *testing.T) {
	t.Parallel()
	const (
		reserved    = "AEGIS_RESERVED_CONCURRENCY"
		provisioned = "AEGIS_PROVISIONED_CONCURRENCY"
		queues      = "AEGIS_QUEUE_CONCURRENCY"
	)
	all := func(n int) map[functionName]int {
		return map[functionName]int{controller: n, dispatcher: n, callback: n, stateChecker: n}
	}
	type numbers = map[functionName]int
	for name, tc := range map[string]struct {
		env                   map[string]string
		context               map[string]any
		reserved, provisioned numbers
		err                   string
	}{
		"nothing":            {},
		"one function":       {env: map[string]string{reserved: "controller=1"}, reserved: numbers{controller: 1}},
		"with spaces":        {env: map[string]string{provisioned: " controller = 2 , callback=1 "}, provisioned: numbers{controller: 2, callback: 1}},
		"a number alone":     {env: map[string]string{reserved: "20"}, reserved: all(20)},
		"none":               {env: map[string]string{reserved: "0", provisioned: "0"}, reserved: all(0), provisioned: all(0)},
		"the most":           {env: map[string]string{reserved: "dispatcher=1000"}, reserved: numbers{dispatcher: 1000}},
		"more than the most": {env: map[string]string{reserved: "dispatcher=1001"}, err: reserved + `: must be a number from 0 to 1000 for dispatcher, got "1001"`},
		"less than none":     {env: map[string]string{reserved: "dispatcher=-1"}, err: reserved + `: must be a number from 0 to 1000 for dispatcher, got "-1"`},
		"no number":          {env: map[string]string{reserved: "controller,callback=2"}, err: reserved + `: must be a number from 0 to 1000 for controller, got ""`},
		"an empty item":      {env: map[string]string{reserved: "controller=2,"}, err: reserved + `: must be for controller, dispatcher, callback or state-checker, got ""`},
		"every mistake": {
			env: map[string]string{provisioned: "contoller=2,callback=x,state-checker=1,callback=2"},
			err: provisioned + `: must be for controller, dispatcher, callback or state-checker, got "contoller=2"
` + provisioned + `: must be a number from 0 to 1000 for callback, got "x"
` + provisioned + `: must be one number for callback, got "contoller=2,callback=x,state-checker=1,callback=2"
` + provisioned + `: must be 0 for state-checker, which nobody waits for, got "1"`,
		},
		"a number alone is for the state-checker, too": {
			env: map[string]string{provisioned: "2"}, err: provisioned + `: must be 0 for state-checker, which nobody waits for, got "2"`,
		},
		"an object": {
			context: map[string]any{"dev": map[string]any{
				"provisioned_concurrency": map[string]any{"controller": 2.0, "dispatcher": 1.0}, "reserved_concurrency": 15.0,
			}},
			provisioned: numbers{controller: 2, dispatcher: 1}, reserved: all(15),
		},
		"an object of texts": {
			context: map[string]any{"all": map[string]any{"reserved_concurrency": map[string]any{"controller": "2"}}},
			err:     `aegis.all.reserved_concurrency: must be a text, a number or an object of numbers, and not empty, got map[controller:2]`,
		},
		"an empty object": {
			context: map[string]any{"all": map[string]any{"reserved_concurrency": map[string]any{}}},
			err:     `aegis.all.reserved_concurrency: must be a text, a number or an object of numbers, and not empty, got map[]`,
		},
		"half an instance": {
			context: map[string]any{"all": map[string]any{"reserved_concurrency": map[string]any{"controller": 0.5}}},
			err:     `aegis.all.reserved_concurrency: must be a number from 0 to 1000 for controller, got "0.5"`,
		},
		"the variable replaces the object": {
			env:      map[string]string{reserved: "callback=10"},
			context:  map[string]any{"all": map[string]any{"reserved_concurrency": map[string]any{"controller": 1.0}}},
			reserved: numbers{callback: 10},
		},
		"as much as is reserved": {
			env:      map[string]string{reserved: "controller=2,callback=10", provisioned: "controller=2,dispatcher=9"},
			reserved: numbers{controller: 2, callback: 10}, provisioned: numbers{controller: 2, dispatcher: 9},
		},
		"more than is reserved": {
			env: map[string]string{reserved: "controller=2,callback=10", provisioned: "controller=3,callback=11"},
			err: provisioned + ": must be at most " + reserved + " 2 for controller, got 3\n" +
				provisioned + ": must be at most " + reserved + " 10 for callback, got 11",
		},
		"more from a queue than is reserved": {
			env: map[string]string{reserved: "9"},
			err: reserved + ": must be at least queue_concurrency 10, dev's default, for dispatcher, got 9\n" +
				reserved + ": must be at least queue_concurrency 10, dev's default, for callback, got 9",
		},
		"more from a queue than is reserved, both set": {
			env:     map[string]string{queues: "8"},
			context: map[string]any{"all": map[string]any{"reserved_concurrency": map[string]any{"callback": 7.0}}},
			err:     queues + ": must be at most aegis.all.reserved_concurrency 7 for callback, got 8",
		},
		"more than is reserved, in the context": {
			context: map[string]any{
				"all": map[string]any{"provisioned_concurrency": "controller=3"}, "dev": map[string]any{"reserved_concurrency": "controller=2"},
			},
			err: "aegis.all.provisioned_concurrency: must be at most aegis.dev.reserved_concurrency 2 for controller, got 3",
		},
		"more from a queue than is reserved, in one environment of several": {
			env: map[string]string{envNames: "dev,production", reserved: "dispatcher=20"},
			err: reserved + ": must be at least queue_concurrency 50, production's default, for dispatcher, got 20",
		},
		"fewer from a queue": {env: map[string]string{reserved: "9", queues: "9"}, reserved: all(9)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := fromEnvironment(environ(tc.env), map[string]any{contextKey: tc.context})
			if diff := cmp.Diff(tc.err, errorText(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if tc.err != "" {
				return
			}
			if diff := cmp.Diff([]numbers{tc.reserved, tc.provisioned}, []numbers{got[0].ReservedConcurrency, got[0].ProvisionedConcurrency}); diff != "" {
				t.Errorf("reserved and provisioned (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConcurrency: each function gets its own numbers, and what calls a function goes
// to its alias, whether it has provisioned concurrency or not.
func TestConcurrency(t *testing.T) {
	e := presets()[dev]
	e.ReservedConcurrency = map[functionName]int{controller: 5, callback: 10, stateChecker: 1}
	e.ProvisionedConcurrency = map[functionName]int{controller: 2, dispatcher: 3}
	stack := synthesize(t, e)[e.stackName()]
	for id, want := range map[string]struct{ reserved, provisioned any }{
		"Controller": {5.0, 2.0}, "Dispatcher": {nil, 3.0}, "Callback": {10.0, nil}, "StateChecker": {1.0, nil},
	} {
		if got := stack.Named("aws_lambda_function", id)["reserved_concurrent_executions"]; got != want.reserved {
			t.Errorf("%s: reserved %v, want %v", id, got, want.reserved)
		}
		var provisioned any
		for key, config := range stack.Resources("aws_lambda_provisioned_concurrency_config") {
			if strings.HasPrefix(key, id+"_") {
				provisioned = config["provisioned_concurrent_executions"]
				if alias, _ := config["qualifier"].(string); !strings.HasPrefix(alias, "${aws_lambda_alias."+id+"_") {
					t.Errorf("%s: provisioned for %s", id, alias)
				}
			}
		}
		if provisioned != want.provisioned {
			t.Errorf("%s: provisioned %v, want %v", id, provisioned, want.provisioned)
		}
	}
	calledByAlias(t, stack)

	without := synthesize(t, presets()[dev])[e.stackName()]
	if n := without.Kinds()["aws_lambda_provisioned_concurrency_config"]; n != 0 {
		t.Errorf("%d without the setting", n)
	}
	calledByAlias(t, without)
}

func calledByAlias(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	for _, id := range []string{"Dispatcher", "Callback"} {
		if name, _ := stack.Named("aws_lambda_event_source_mapping", id)["function_name"].(string); !strings.HasPrefix(name, "${aws_lambda_alias."+id+"_") {
			t.Errorf("%s: its queue calls %s", id, name)
		}
	}
	if name, _ := stack.Only("aws_lambda_function_url")["qualifier"].(string); !strings.HasPrefix(name, "${aws_lambda_alias.Controller_") {
		t.Errorf("the URL calls %s", name)
	}
}
