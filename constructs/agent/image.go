package agent

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/image"
)

// prepared is an image as far as synth knows it.
type prepared struct {
	hash   string // of the content, 64 hexadecimal digits; "" when it could not be made
	digest string // "sha256:…" where it is known before the push
	layout string // the image's file, "" for one that Docker builds
	// context is the folder that Docker builds from, relative to Terraform's.
	context string
	docker  *image.Docker
}

// contentTag is the default tag.
func (i prepared) contentTag() string {
	if i.hash == "" {
		return ""
	}
	return i.hash[:image.ContentTagLength]
}

// job is what the program is told.
func (i prepared) job(platforms []Platform, tag string, more []string, immutable, force bool) image.Job {
	j := image.Job{Hash: i.hash, Tag: tag, AdditionalTags: more, Immutable: immutable, Force: force, Docker: i.docker}
	if i.layout != "" {
		j.Layout = &image.Layout{Digest: i.digest, Platform: strings.Join(words(platforms), ",")}
	}
	return j
}

// errorLines records an error of the image package, which has a line for each
// mistake: "Field: must …". What a compiler says comes as it is.
func errorLines(p *check.Problems, err error) {
	var mistakes [][2]string
	for line := range strings.Lines(err.Error()) {
		field, message, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		if !ok || !strings.HasPrefix(message, "must ") {
			p.Addf("", "must be an image that can be made, got an error: %v", err)
			return
		}
		mistakes = append(mistakes, [2]string{field, message})
	}
	for _, m := range mistakes {
		p.Addf(m[0], "%s", m[1])
	}
}

// made is what makeProgram has made.
var made struct {
	sync.Mutex
	madeProgram

	err  error
	done bool
}

// makeProgram makes the program that pushes images, for the machine that
// synthesizes; once, however many stacks there are.
func makeProgram() (madeProgram, error) {
	made.Lock()
	defer made.Unlock()
	if !made.done {
		made.path, made.sum, made.err = image.Program(context.Background(), runtime.GOOS, runtime.GOARCH)
		// What an interrupt ended can be made in the next run.
		made.done = !errors.Is(made.err, context.Canceled)
	}
	return made.madeProgram, made.err
}

// program is makeProgram, but in tests.
var program = makeProgram

// madeProgram is the program's file and the SHA-256 of its bytes.
type madeProgram struct{ path, sum string }

// programID is the construct id of the program in the stack.
const programID = "AegisImageProgram"

// programAsset carries the program into the stack's folder, once for all agents
// of the stack.
func programAsset(c constructs.Construct) (cdktf.TerraformAsset, error) {
	stack := cdktf.TerraformStack_Of(c)
	if found, ok := stack.Node().TryFindChild(jsii.String(programID)).(cdktf.TerraformAsset); ok {
		return found, nil
	}
	made, err := program()
	if err != nil {
		return nil, err
	}
	return fileAsset(stack, programID, made.path, made.sum), nil
}

// fileAsset carries a file into the stack's folder. Its hash is that of the
// file, so the path changes with the bytes and with nothing else.
func fileAsset(scope constructs.Construct, id, path, sum string) cdktf.TerraformAsset {
	return cdktf.NewTerraformAsset(scope, jsii.String(id), &cdktf.TerraformAssetConfig{
		Path:      jsii.String(path),
		Type:      cdktf.AssetType_FILE,
		AssetHash: jsii.String(sum),
	})
}
