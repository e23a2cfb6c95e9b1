package agent

import (
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsecrimage"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/image"
)

// addBuild defines the push. It is replaced, which runs the program again, when
// the content, a tag, the platforms or the repository change; what it pushed
// before stays in the repository.
func (a *Agent) addBuild(p *check.Problems, props Props) {
	if props.BuildDisabled || len(p.List()) > 0 {
		return // nothing of an agent with mistakes is written
	}
	job, err := a.image.job(a.settings.platforms, a.tag, props.AdditionalTags,
		a.settings.mutability == Immutable, props.ForceRebuild).Encode()
	if err != nil {
		errorLines(p.In("Source"), err)
		return
	}
	program, err := programAsset(a)
	if err != nil {
		p.Addf("Source", "must be an image that can be pushed, got an error: %v", err)
		return
	}
	environment := map[string]*string{
		image.EnvJob:        verbatim(job),
		image.EnvRepository: a.pushURL(),
		image.EnvRegion:     a.region(),
	}
	if a.image.layout != "" {
		environment[image.EnvLayout] = fileAsset(a, "Image", a.image.layout, a.image.hash).Path()
	} else {
		environment[image.EnvContext] = verbatim(a.image.context)
	}
	triggers := map[string]any{
		"hash":     jsii.String(a.image.hash),
		"tags":     jsii.String(strings.Join(append([]string{a.tag}, props.AdditionalTags...), ",")),
		"platform": jsii.String(strings.Join(words(a.settings.platforms), ",")),
		// Unknown when the repository is replaced, and then the new one is empty.
		"repository": a.RepositoryURL(),
	}
	if props.ForceRebuild {
		triggers["force"] = cdktf.Fn_Timestamp()
	}
	// cdktf's DataResource is the same, but that each runs "terraform version" at
	// synth, and fails where there is none: in a test, or with OpenTofu.
	a.build = cdktf.NewTerraformResource(a, jsii.String("Build"), &cdktf.TerraformResourceConfig{
		TerraformResourceType: jsii.String("terraform_data"),
		// The program is started as it is, without a shell.
		Provisioners: &[]any{&cdktf.LocalExecProvisioner{
			Type:        jsii.String("local-exec"),
			Interpreter: &[]*string{program.Path()},
			Command:     jsii.String(image.Command),
			Environment: &environment,
		}},
	})
	a.build.AddOverride(jsii.String("triggers_replace"), triggers)
}

// pushURL is where the image is pushed to.
func (a *Agent) pushURL() *string {
	if a.registry == nil {
		return a.RepositoryURL()
	}
	return jsii.String(*a.registry + "/" + a.settings.name)
}

// region and registryHost come from the repository: no data source, and right
// also with a provider for another region.
func (a *Agent) region() *string { return part(a.RepositoryARN(), ":", 3) }

func (a *Agent) registryHost() *string {
	if a.registry != nil {
		return a.registry
	}
	return part(a.RepositoryURL(), "/", 0)
}

func part(s *string, separator string, index int) *string {
	return cdktf.Token_AsString(cdktf.Fn_Element(cdktf.Fn_Split(jsii.String(separator), s), jsii.Number(index)), nil)
}

// Build returns what has to exist before the image can be run: the push, or the
// repository when somebody else pushes. ImageURI and ImageDigestURI wait for it
// by themselves; it is for what names the image in another way.
func (a *Agent) Build() cdktf.ITerraformDependable {
	switch {
	case a.build != nil:
		return a.build
	case a.repository != nil:
		return a.repository
	default:
		return a.existing
	}
}

// waits is what the image's users have to wait for: the push, and the policy
// that lets them pull.
func (a *Agent) waits() []cdktf.ITerraformDependable {
	var all []cdktf.ITerraformDependable
	if a.build != nil {
		all = append(all, a.build)
	}
	if a.policy != nil {
		all = append(all, a.policy)
	}
	return all
}

// pushedURL is the repository's URL for those who need the image in it. Terraform
// finds the dependency in the expression, and takes the first element without
// waiting for the others at plan: what is known stays known.
func (a *Agent) pushedURL() *string {
	list := []*string{a.RepositoryURL()}
	if a.build != nil {
		list = append(list, a.build.GetStringAttribute(jsii.String("id")))
	}
	if a.policy != nil {
		list = append(list, a.policy.Id())
	}
	if len(list) == 1 {
		return list[0]
	}
	return cdktf.Token_AsString(cdktf.Fn_Element(&list, jsii.Number(0)), nil)
}

// pushed returns the data source that reads the digest of an image that is not
// known at synth, made when it is first asked for.
func (a *Agent) pushed() dataawsecrimage.DataAwsEcrImage {
	if a.digest == nil {
		waits := a.waits()
		if a.build == nil && a.repository != nil {
			waits = append(waits, a.repository)
		}
		a.digest = dataawsecrimage.NewDataAwsEcrImage(a, jsii.String("Digest"), &dataawsecrimage.DataAwsEcrImageConfig{
			RepositoryName: a.RepositoryName(),
			ImageTag:       jsii.String(a.tag),
			DependsOn:      dependsOn(waits),
		})
	}
	return a.digest
}
