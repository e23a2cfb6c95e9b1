package agent_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/agent"
)

// TestReadme: the tables name every prop, every field of a source and of a
// lifecycle rule, and every output.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []reflect.Type{
		reflect.TypeFor[agent.Props](), reflect.TypeFor[agent.Dockerfile](), reflect.TypeFor[agent.GoPackage](),
		reflect.TypeFor[agent.Secret](), reflect.TypeFor[agent.LifecycleRule](),
	} {
		for _, field := range reflect.VisibleFields(of) {
			if !strings.Contains(string(text), "`"+field.Name+"`") {
				t.Errorf("README.md does not name the field %s of %s", field.Name, of.Name())
			}
		}
	}
	promoted := reflect.TypeFor[agent.Agent]().Field(0).Type
	for method := range reflect.TypeFor[*agent.Agent]().Methods() {
		name := method.Name
		if _, ofConstruct := promoted.MethodByName(name); !ofConstruct && !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("README.md does not name the method %s", name)
		}
	}
}
