package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// functionName is a function of the control plane, by the name of its program.
type functionName string

const (
	controller   functionName = "controller"
	dispatcher   functionName = "dispatcher"
	callback     functionName = "callback"
	stateChecker functionName = "state-checker"
)

// functionNames are all there are.
var functionNames = []functionName{controller, dispatcher, callback, stateChecker}

// mostConcurrency is what an account may run at once before it asks for more.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const mostConcurrency = 1000

// perFunction is a setting that is a number for each function, 0 where none is given:
// "controller=2,dispatcher=1", in the context also an object. A number alone is for
// every function. It would be money for nothing for those in idle.
func perFunction(name string, at func(*Environment) *map[functionName]int, idle ...functionName) field {
	return field{name: name, object: true, set: func(e *Environment, value string) []string {
		numbers, problems := numbersByFunction(value)
		for _, f := range idle {
			if n := numbers[f]; n != 0 {
				problems = append(problems, must(fmt.Sprintf("0 for %s, which nobody waits for", f), strconv.Itoa(n))...)
			}
		}
		if len(problems) > 0 {
			return problems
		}
		*at(e) = numbers
		return nil
	}}
}

// numbersByFunction reads the numbers, and returns all that is wrong with them.
func numbersByFunction(value string) (map[functionName]int, []string) {
	numbers := map[functionName]int{}
	number := func(text string) (int, bool) {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		return n, err == nil && n >= 0 && n <= mostConcurrency
	}
	if !strings.Contains(value, "=") {
		n, ok := number(value)
		if !ok {
			return nil, must(fmt.Sprintf(`a number from 0 to %d, or such numbers by function as in "controller=2,dispatcher=1"`, mostConcurrency), value)
		}
		for _, f := range functionNames {
			numbers[f] = n
		}
		return numbers, nil
	}
	var problems []string
	for item := range strings.SplitSeq(value, ",") {
		name, text, _ := strings.Cut(item, "=")
		f := functionName(strings.TrimSpace(name))
		n, ok := number(text)
		_, again := numbers[f]
		switch {
		case !slices.Contains(functionNames, f):
			problems = append(problems, must(fmt.Sprintf("for %s, %s, %s or %s", controller, dispatcher, callback, stateChecker), strings.TrimSpace(item))...)
		case again:
			problems = append(problems, must(fmt.Sprintf("one number for %s", f), value)...)
		case !ok:
			problems = append(problems, must(fmt.Sprintf("a number from 0 to %d for %s", mostConcurrency, f), strings.TrimSpace(text))...)
			numbers[f] = 0
		default:
			numbers[f] = n
		}
	}
	return numbers, problems
}

// concurrencyConflicts compares the numbers of each function. None of the presets
// reserves anything.
func (e *Environment) concurrencyConflicts(from origins) []string {
	const reservedName, provisionedName, queueName = "reserved_concurrency", "provisioned_concurrency", "queue_concurrency"
	var found []string
	for _, f := range functionNames {
		reserved := e.ReservedConcurrency[f]
		if reserved == 0 {
			continue
		}
		atMost := func(name string, got int) {
			found = append(found, fmt.Sprintf("%s: must be at most %s %d for %s, got %d", from.name(name), from.name(reservedName), reserved, f, got))
		}
		if n := e.ProvisionedConcurrency[f]; n > reserved {
			atMost(provisionedName, n)
		}
		// What is read from a queue and then refused counts as tried.
		// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
		n := e.QueueConcurrency
		if f != dispatcher && f != callback || n <= reserved {
			continue
		}
		switch {
		case from.good(queueName):
			atMost(queueName, n)
		case !from.set(queueName):
			found = append(found, fmt.Sprintf("%s: must be at least %s %d, %s, for %s, got %d", from.name(reservedName), queueName, n, e.ownDefault(), f, reserved))
		}
	}
	return found
}
