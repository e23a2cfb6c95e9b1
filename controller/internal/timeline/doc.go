// Package timeline shows a workflow to a person as it goes: in a terminal a line
// for every step that is kept up to date, elsewhere a line for all that happens.
//
// What must not live here: where the events come from, and questions to the person.
package timeline
