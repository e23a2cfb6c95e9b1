// Package schedule checks the schedule expressions of Amazon EventBridge.
//
// EventBridge has two engines with nearly the same grammar: the rule, which
// runs in UTC, and EventBridge Scheduler, which also takes at(…) and a time
// zone. Where AWS documents a form, or was seen to refuse one, the checks hold
// to it; where AWS is silent they accept what Quartz takes, whose grammar AWS's
// is, so that they never refuse an expression that would work.
//
// Rules: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
//
// Scheduler: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
//
// Nothing here may depend on the clock, the machine's time zones or cdktf.
package schedule
