package health

import (
	"fmt"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
)

// target is what a check asks about, in the words of an operator.
type target struct {
	noun       string // the resource: table "aegis-state"
	service    string
	permission string // the IAM action the check needs
	setting    string // the variable that names the resource
}

// problem explains a client's error.
func (t target) problem(err error) *Problem {
	p := &Problem{Code: awserr.KindOf(err)}
	switch p.Code {
	case awserr.AccessDenied:
		p.Message = fmt.Sprintf("access to %s is denied", t.noun)
		p.Remedy = fmt.Sprintf("allow %s on it in the policy of the function's role, and see that no other policy denies it", t.permission)
	case awserr.BadCredentials:
		p.Message = fmt.Sprintf("%s does not accept the function's credentials", t.service)
		p.Remedy = "see that the function's role exists and set no AWS_ACCESS_KEY_ID on the function"
	case awserr.NotFound:
		p.Message = fmt.Sprintf("%s is not found", t.noun)
		p.Remedy = fmt.Sprintf("see that %s names one in the function's own account and region, or deploy the stack that creates it", t.setting)
	case awserr.Throttled:
		p.Message = fmt.Sprintf("%s throttles the requests about %s", t.service, t.noun)
		p.Remedy = "ask less often"
	case awserr.Timeout:
		p.Message = fmt.Sprintf("%s gave no answer about %s in time", t.service, t.noun)
		p.Remedy = fmt.Sprintf("if the function is in a VPC, give its subnets a route or an endpoint to %s; otherwise ask again", t.service)
	case awserr.Unreachable:
		p.Message = fmt.Sprintf("%s cannot be reached", t.service)
		p.Remedy = "see the function's region, and in a VPC its DNS, routes and security groups"
	case awserr.Unavailable:
		p.Message = fmt.Sprintf("%s failed to answer about %s", t.service, t.noun)
		p.Remedy = "ask again; if it lasts, see the AWS Health Dashboard"
	default:
		p.Message = fmt.Sprintf("the request about %s failed", t.noun)
		p.Remedy = "see the function's log for the cause"
	}
	return p
}
