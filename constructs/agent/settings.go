package agent

import (
	"cmp"
	"slices"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Defaults of Props, in one place.
const (
	defaultRetentionDays = 7
	defaultMaxImages     = 10
	defaultUntaggedDays  = 7
	roleSuffix           = "-role"
)

// defaultPrincipals are the services that run container images.
var defaultPrincipals = []string{"ecs-tasks.amazonaws.com", "lambda.amazonaws.com"}

// settings are the props with their defaults filled in. Props themselves are
// never modified.
type settings struct {
	name       string
	source     Source
	platforms  []Platform
	forLambda  bool
	mutability TagMutability
	encryption EncryptionType
	maxImages  int
	untagged   int
	retention  int
	principals []string
	roleName   string
	// roleLabel is what the names of the role's policies begin with.
	roleLabel string
	// folder is where Terraform runs: the stack's, in the output of synth.
	folder stackFolder
}

// resolve fills in the defaults.
func resolve(props Props, folder stackFolder) settings {
	s := settings{
		name:       props.Name,
		source:     plainSource(props.Source),
		platforms:  slices.Clone(props.Platforms),
		forLambda:  props.ForLambda,
		mutability: cmp.Or(props.ImageTagMutability, Immutable),
		encryption: cmp.Or(props.EncryptionType, AES256),
		maxImages:  cmp.Or(props.MaxImageCount, defaultMaxImages),
		untagged:   cmp.Or(props.UntaggedImageDays, defaultUntaggedDays),
		retention:  cmp.Or(props.LogRetentionDays, defaultRetentionDays),
		principals: props.RolePrincipals,
		roleName:   cmp.Or(props.RoleName, check.DerivedRoleName(props.Name, roleSuffix)),
		folder:     folder,
	}
	if len(s.platforms) == 0 {
		s.platforms = []Platform{LinuxAMD64}
	}
	if s.principals == nil {
		s.principals = defaultPrincipals
	}
	derived := check.DerivedRoleName(props.Name, roleSuffix)
	s.roleLabel = derived[:len(derived)-len(roleSuffix)]
	return s
}
