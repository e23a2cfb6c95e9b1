package agent

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsecrimage"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsecrrepository"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrlifecyclepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrrepository"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrrepositorypolicy"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/report"
	"github.com/aegis-agents/aegis/constructs/internal/role"
)

// Agent is a container image in a repository, with what goes with it.
type Agent struct {
	constructs.Construct

	settings settings
	userTags map[string]*string
	registry *string // ECRRegistry
	image    prepared
	tag      string

	repository ecrrepository.EcrRepository               // nil for an existing one
	existing   dataawsecrrepository.DataAwsEcrRepository // nil for an own one
	lifecycle  ecrlifecyclepolicy.EcrLifecyclePolicy
	policy     ecrrepositorypolicy.EcrRepositoryPolicy
	build      cdktf.TerraformResource
	digest     dataawsecrimage.DataAwsEcrImage
	logGroup   cloudwatchloggroup.CloudwatchLogGroup
	role       *role.Role
	grants     *grants
}

// New defines an agent in scope. Invalid props are reported at synth, all of
// them, under the agent's construct path.
func New(scope constructs.Construct, id string, props Props) *Agent {
	a := &Agent{userTags: props.Tags, registry: props.ECRRegistry}
	constructs.NewConstruct_Override(a, scope, jsii.String(id))
	a.settings = resolve(props, folderOf(a))

	var p check.Problems
	validate(&p, props, a.settings)
	if a.settings.source != nil {
		a.image = a.settings.source.prepare(&p, a.settings)
	}
	a.tag = props.ImageTag
	if a.tag == "" {
		a.tag = a.image.contentTag()
	}

	// A wrong agent is built all the same: one run shows what is wrong
	// everywhere, and nothing of it is written.
	a.addRepository(props)
	a.addLifecycle(props)
	a.addPolicy(props)
	a.addBuild(&p, props)
	a.addLogGroup(props)
	a.addRole(props)
	report.Errors(a, p.Strings()...)
	return a
}

func (a *Agent) addRepository(props Props) {
	if props.ExistingRepository {
		a.existing = dataawsecrrepository.NewDataAwsEcrRepository(a, jsii.String("Existing"), &dataawsecrrepository.DataAwsEcrRepositoryConfig{
			Name: jsii.String(a.settings.name),
		})
		return
	}
	a.repository = ecrrepository.NewEcrRepository(a, jsii.String("Resource"), &ecrrepository.EcrRepositoryConfig{
		Name:               jsii.String(a.settings.name),
		ImageTagMutability: jsii.String(string(a.settings.mutability)),
		ForceDelete:        jsii.Bool(props.ForceDelete),
		ImageScanningConfiguration: &ecrrepository.EcrRepositoryImageScanningConfiguration{
			ScanOnPush: jsii.Bool(!props.ScanOnPushDisabled),
		},
		EncryptionConfiguration: []*ecrrepository.EcrRepositoryEncryptionConfiguration{{
			EncryptionType: jsii.String(string(a.settings.encryption)),
			KmsKey:         props.KMSKeyARN,
		}},
		Tags: a.tags(a.settings.name),
	})
}

// tags are the user's with the resource's name as Name, as in the module.
func (a *Agent) tags(name string) *map[string]*string {
	all := make(map[string]*string, len(a.userTags)+1)
	for k, v := range a.userTags {
		all[k] = text(v)
	}
	all["Name"] = jsii.String(name)
	return &all
}
