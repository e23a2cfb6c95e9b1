//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// equivalence is testdata/lambda.json, and agent.json: what the Terraform module
// plans for its inputs, written from the module's own description. Ours has to
// plan the same, but for the differences that the construct's README names.
//
// Values are those of the plan; besides,
//
//	"ref TYPE.ATTRIBUTE"  is a reference to that attribute of a resource of the same case,
//	"matches REGEXP"      is any text that the expression matches,
//	"the role's name"     is whatever the role is called,
//	"any"                 is whatever is set,
//
// text that begins with "{" is compared as JSON, depends_on names types that
// have to be among those waited for, job is what the program is told that builds
// an image, and NAME is the name of the function or agent.
// An attribute that neither side sets is the provider's default in both.
type equivalence struct {
	Always map[string]want `json:"always"`
	Cases  []equalCase     `json:"cases"`
}

type want struct {
	Type   string         `json:"type"`
	Values map[string]any `json:"values"`
}

// demand is what a case changes about what is planned always: other values, more
// resources, or less.
type demand struct {
	Values  map[string]map[string]any `json:"values"`
	More    map[string]want           `json:"more"`
	Package []string                  `json:"package"`
	Less    []string                  `json:"less"`
}

type equalCase struct {
	demand

	Name        string            `json:"name"`
	Called      string            `json:"called"`
	Inputs      json.RawMessage   `json:"inputs"`
	Differences map[string]demand `json:"differences"`
}

// modules are those that are compared, each with testdata/NAME.json and the
// table "Differences" of constructs/NAME/README.md.
var modules = []module{
	{"lambda", lambdaInputs},
	{"agent", agentInputs},
}

type module struct {
	name string
	// define writes with the construct what a user of the module writes with its
	// inputs.
	define func(stack cdktf.TerraformStack, c equalCase, unknown *string) error
}

// unknownPolicy stands for a policy's ARN that is unknown until apply.
const unknownPolicy = "${aws_iam_policy.Unknown.arn}"

func policies(arns []string, unknown *string) []*string {
	var all []*string
	for _, arn := range arns {
		if arn == unknownPolicy {
			all = append(all, unknown)
		} else {
			all = append(all, jsii.String(arn))
		}
	}
	return all
}

func strict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// TestEquivalence plans a stack with a construct for each case.
func TestEquivalence(t *testing.T) {
	t.Parallel()
	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.compare(t)
		})
	}
}

func (m module) compare(t *testing.T) {
	row := summary.start(t)
	var table equivalence
	text, err := os.ReadFile(filepath.Join("testdata", m.name+".json"))
	must(t, err)
	must(t, strict(text, &table))
	readme, err := os.ReadFile(filepath.Join(root(), "constructs", m.name, "README.md"))
	must(t, err)

	name := "equivalence-" + m.name
	pinned(t)
	account := newAccount(t)
	outdir := filepath.Join(folder(t), "cdktf.out")
	synthesize(t, outdir, name, func(stack cdktf.TerraformStack) {
		unknown := newPolicy(stack, "Unknown", "unknown").Arn()
		for _, c := range table.Cases {
			must(t, m.define(stack, c, unknown))
		}
	})
	w := open(t, filepath.Join(outdir, "stacks", name), account)
	done := row.step(validated)
	w.validate(t)
	done("ok")
	done = row.step(planned)
	plan := w.plan(t)
	row.set(resources, len(managed(plan)))

	stack := newPlanned(t, w, plan)
	differences := map[string]bool{}
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) {
			d := c.demanded(table.Always)
			for title, difference := range c.Differences {
				differences[title] = true
				if !bytes.Contains(readme, []byte("\n| "+title+" |")) {
					t.Errorf("the construct's README does not name the difference %q", title)
				}
				d.add(difference)
			}
			stack.compare(t, c, d)
		})
	}
	done(fmt.Sprintf("%d cases", len(table.Cases)))
	summary.note("equivalence of %s: %d cases as in the module, with %d named differences", m.name, len(table.Cases), len(differences))
}

// name is what NAME stands for.
func (c equalCase) name() string {
	if c.Called != "" {
		return c.Called
	}
	return "eq-" + c.Name
}

// demanded is what the module plans for a case.
func (c equalCase) demanded(always map[string]want) demand {
	d := demand{More: map[string]want{}, Package: []string{"main.py"}}
	for name, w := range always {
		d.More[name] = want{w.Type, maps.Clone(w.Values)}
	}
	d.add(c.demand)
	return d
}

func (d *demand) add(other demand) {
	for name, w := range other.More {
		d.More[name] = want{w.Type, maps.Clone(w.Values)}
	}
	for name, values := range other.Values {
		maps.Copy(d.More[name].Values, values)
	}
	for _, name := range other.Less {
		delete(d.More, name)
	}
	if other.Package != nil {
		d.Package = other.Package
	}
}
