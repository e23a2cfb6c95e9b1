package lambda

import (
	"regexp"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatcheventrule"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatcheventtarget"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdapermission"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/schedulerschedule"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/schedule"
)

// Schedule calls the function by the clock.
type Schedule struct {
	// Name tells the schedules of a function apart: at most 64 letters, digits
	// and ._-. The rule or schedule is called FunctionName-Name.
	// Default: "schedule".
	Name string
	// Expression is rate(…) or cron(…), or with the Scheduler engine at(…):
	// "rate(5 minutes)", "cron(0 9 ? * MON-FRI *)", "at(2027-01-31T09:00:00)". Required.
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
	Expression string
	// Engine is EngineRule or EngineScheduler. Default: EngineScheduler when
	// TimeZone, FlexibleWindow or at(…) asks for it, EngineRule otherwise.
	Engine ScheduleEngine
	// TimeZone is the IANA zone that the expression is read in. Only with the
	// Scheduler. Default: UTC.
	TimeZone string
	// FlexibleWindow lets the call come up to this much later: whole minutes
	// from 1m to 24h. Only with the Scheduler. Default: off.
	FlexibleWindow time.Duration
	// Input is the JSON event that the function gets, at most 8192 characters.
	// Default: EventBridge's own event.
	Input *string
	// Description is text of at most 512 characters. Default: none.
	Description string
	// Disabled keeps the schedule without calling. Default: enabled.
	Disabled bool
}

// ScheduleEngine is the service that a schedule runs in.
type ScheduleEngine string

const (
	// EngineRule is an EventBridge rule, in UTC.
	EngineRule ScheduleEngine = "rule"
	// EngineScheduler is EventBridge Scheduler, with time zones, one-time
	// schedules and flexible windows.
	// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
	EngineScheduler ScheduleEngine = "scheduler"
)

// Limits of the two services.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
const (
	defaultScheduleName    = "schedule"
	maxScheduleName        = 64
	maxScheduleInput       = 8192
	maxScheduleDescription = 512
	minFlexibleWindow      = time.Minute
	maxFlexibleWindow      = 24 * time.Hour
)

var scheduleName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

func (s Schedule) name() string {
	if s.Name == "" {
		return defaultScheduleName
	}
	return s.Name
}

func (s Schedule) engine() ScheduleEngine {
	switch {
	case s.Engine != "":
		return s.Engine
	case s.TimeZone != "" || s.FlexibleWindow != 0 || schedule.NeedsScheduler(s.Expression):
		return EngineScheduler
	default:
		return EngineRule
	}
}

func validateSchedules(p *check.Problems, schedules []Schedule) {
	seen := map[string]int{}
	for i, s := range schedules {
		in := p.At("Schedules", i)
		in.Pattern("Name", s.name(), 1, maxScheduleName, scheduleName, "letters, digits and ._-")
		if first, again := seen[s.name()]; again {
			in.Addf("Name", "must not repeat Schedules[%d], got %q", first, s.name())
		}
		seen[s.name()] = i
		s.validate(in)
	}
}

func (s Schedule) validate(p *check.Problems) {
	engine := schedule.Rule
	if check.OneOf(p, "Engine", s.engine(), EngineRule, EngineScheduler) && s.engine() == EngineScheduler {
		engine = schedule.Scheduler
	}
	if p.Required("Expression", s.Expression) && !check.IsToken(s.Expression) {
		for _, err := range schedule.Check(s.Expression, engine) {
			p.Addf("Expression", "%v", err)
		}
	}
	if s.Engine == EngineRule && s.TimeZone != "" {
		p.Addf("TimeZone", "must go with EngineScheduler: a rule runs in UTC, got %s", check.Shown(&s.TimeZone))
	}
	if s.TimeZone != "" && !check.IsToken(s.TimeZone) {
		if err := schedule.CheckTimeZone(s.TimeZone); err != nil {
			p.Addf("TimeZone", "%v", err)
		}
	}
	if s.Engine == EngineRule && s.FlexibleWindow != 0 {
		p.Addf("FlexibleWindow", "must go with EngineScheduler, got %v", s.FlexibleWindow)
	}
	if w := s.FlexibleWindow; w != 0 {
		switch {
		case w < minFlexibleWindow || w > maxFlexibleWindow:
			p.Addf("FlexibleWindow", "must be from %v to %v, got %v", minFlexibleWindow, maxFlexibleWindow, w)
		case w%time.Minute != 0:
			p.Addf("FlexibleWindow", "must be a whole number of minutes, got %v", w)
		}
	}
	p.JSONValue("Input", s.Input)
	if text, ok := check.Literal(s.Input); ok {
		p.Length("Input", text, 0, maxScheduleInput)
	}
	p.Length("Description", s.Description, 0, maxScheduleDescription)
}

// namedSchedule is one schedule with its resources.
type namedSchedule struct {
	name string
	ScheduleResources
}

// schedulerRole is what EventBridge Scheduler calls the function as, one for all
// schedules of the function.
type schedulerRole struct {
	role   iamrole.IamRole
	policy iamrolepolicy.IamRolePolicy
}

func (f *Function) addSchedules(schedules []Schedule) {
	if len(schedules) == 0 {
		return
	}
	all := constructs.NewConstruct(f, jsii.String("Schedules"))
	seen := map[string]bool{}
	for _, s := range schedules {
		if seen[s.name()] || !scheduleName.MatchString(s.name()) {
			continue // reported; a construct id must not repeat
		}
		seen[s.name()] = true
		node := constructs.NewConstruct(all, jsii.String(s.name()))
		if s.engine() == EngineScheduler {
			f.schedules = append(f.schedules, f.addScheduler(node, s))
		} else {
			f.schedules = append(f.schedules, f.addRule(node, s))
		}
	}
}

func (f *Function) addRule(node constructs.Construct, s Schedule) namedSchedule {
	name := check.FitName(f.settings.name, "-"+s.name(), maxScheduleName)
	config := &cloudwatcheventrule.CloudwatchEventRuleConfig{
		Name:               jsii.String(name),
		Description:        optional(s.Description),
		ScheduleExpression: jsii.String(s.Expression),
		Tags:               f.tags(name),
	}
	if s.Disabled {
		config.State = jsii.String("DISABLED")
	}
	made := namedSchedule{name: s.name()}
	made.Rule = cloudwatcheventrule.NewCloudwatchEventRule(node, jsii.String("Rule"), config)
	made.Target = cloudwatcheventtarget.NewCloudwatchEventTarget(node, jsii.String("Target"), &cloudwatcheventtarget.CloudwatchEventTargetConfig{
		Rule:     made.Rule.Name(),
		TargetId: jsii.String("lambda"),
		Arn:      f.target(),
		Input:    s.Input,
	})
	// The module's statement id for its one schedule; the others add their name.
	id := "AllowExecutionFromCloudWatch"
	if s.name() != defaultScheduleName {
		id = check.FitName(id, "-"+statementText(s.name()), maxStatementID)
	}
	made.Permission = lambdapermission.NewLambdaPermission(node, jsii.String("Permission"), &lambdapermission.LambdaPermissionConfig{
		StatementId:  jsii.String(id),
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: f.fn.FunctionName(),
		Qualifier:    f.qualifier(),
		Principal:    jsii.String("events.amazonaws.com"),
		SourceArn:    made.Rule.Arn(),
	})
	return made
}

func (f *Function) addScheduler(node constructs.Construct, s Schedule) namedSchedule {
	role := f.schedulerRole()
	window := &schedulerschedule.SchedulerScheduleFlexibleTimeWindow{Mode: jsii.String("OFF")}
	if s.FlexibleWindow != 0 {
		window.Mode = jsii.String("FLEXIBLE")
		window.MaximumWindowInMinutes = jsii.Number(s.FlexibleWindow.Minutes())
	}
	config := &schedulerschedule.SchedulerScheduleConfig{
		Name:                       jsii.String(check.FitName(f.settings.name, "-"+s.name(), maxScheduleName)),
		Description:                optional(s.Description),
		ScheduleExpression:         jsii.String(s.Expression),
		ScheduleExpressionTimezone: optional(s.TimeZone),
		FlexibleTimeWindow:         window,
		Target: &schedulerschedule.SchedulerScheduleTarget{
			Arn:     f.target(),
			RoleArn: role.role.Arn(),
			Input:   s.Input,
		},
		DependsOn: dependsOn(role.policy),
	}
	if s.Disabled {
		config.State = jsii.String("DISABLED")
	}
	made := namedSchedule{name: s.name()}
	made.Schedule = schedulerschedule.NewSchedulerSchedule(node, jsii.String("Resource"), config)
	return made
}

// statementText turns a schedule's name into what a statement id may hold; the
// hash keeps "a.b" and "a_b" apart.
func statementText(name string) string {
	if text := notStatement.ReplaceAllString(name, "_"); text != name {
		return text + "-" + check.ShortHash(name)
	}
	return name
}

var notStatement = regexp.MustCompile(`[^a-zA-Z0-9_-]`)
